//! `Awaited`, its `Observer` and the promise's `poll_cancelled`: what a poll gives, and whom the end wakes.

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    thread,
};

use cf_core::{
    BlockingGuard, ClosureExecutor, Error, Future, InlineExecutor, Promise,
    bridge::{Awaited, Completions, Watched},
    fallible,
};

use crate::{
    alarm::{Alarm, block_on, faulty, on_drop, poll_once, poll_with},
    callback::reports_of,
    gate::{Gate, ends},
    threads::{OnThreads, promises},
};

pub(crate) fn pending() -> (Promise<u32>, Awaited<u32>) {
    let (promise, future) = Promise::new();
    (promise, Awaited::new(future))
}

pub(crate) fn running() -> (Promise<u32>, Awaited<u32>) {
    let (promise, awaited) = pending();
    assert!(promise.set_running_or_notify_cancel());
    (promise, awaited)
}

type End = fn(Promise<u32>, &Awaited<u32>);

/// Every way in which a future ends.
const ENDS: [End; 5] = [
    |promise, _| promise.set_result(7).unwrap(),
    |promise, _| promise.set_exception("no luck").unwrap(),
    |promise, _| drop(promise),
    |_promise, awaited| assert!(awaited.request_cancel()),
    |_promise, awaited| assert!(awaited.give_up()),
];

#[test]
fn every_end_wakes_the_reader_once() {
    for end in ENDS {
        let (promise, mut awaited) = pending();
        let alarm = Alarm::new();
        assert!(alarm.poll(|context| awaited.poll(context)).is_pending());
        assert_eq!((alarm.n_wakes(), alarm.n_wakers()), (0, 1));
        end(promise, &awaited);
        assert_eq!((alarm.n_wakes(), alarm.n_wakers()), (1, 0));
        assert!(alarm.poll(|context| awaited.poll(context)).is_ready());
        assert_eq!((alarm.n_wakes(), alarm.n_wakers()), (1, 0));
    }
}

#[test]
fn a_poll_gives_what_the_task_gave() {
    let mut value = Awaited::new(InlineExecutor::new().spawn(|| String::from("seven")));
    assert!(matches!(poll_once(|it| value.poll(it)), Poll::Ready(Ok(text)) if text == "seven"));
    let failed = InlineExecutor::new().spawn(fallible(|| Err::<u32, _>("no luck")));
    let mut failed = Awaited::new(failed);
    let Poll::Ready(Err(error)) = poll_once(|it| failed.poll(it)) else {
        panic!("it has failed");
    };
    assert_eq!(error.to_string(), "no luck");
    let mut panicked = Awaited::new(InlineExecutor::new().spawn(|| -> u32 { panic!("boom") }));
    assert!(matches!(
        poll_once(|it| panicked.poll(it)),
        Poll::Ready(Err(Error::Panicked(_)))
    ));
}

#[test]
fn a_poll_on_another_thread_than_the_task_gets_the_value() {
    for _ in 0..200 {
        let mut awaited = Awaited::new(OnThreads.spawn(|| 7));
        assert_eq!(block_on(|context| awaited.poll(context)).unwrap(), 7);
    }
}

#[test]
fn an_ended_one_takes_no_waker() {
    let (promise, mut awaited) = pending();
    promise.set_result(7).unwrap();
    let alarm = Alarm::new();
    assert!(alarm.poll(|context| awaited.poll(context)).is_ready());
    assert_eq!((alarm.n_wakes(), alarm.n_wakers()), (0, 0));
}

#[test]
fn polling_again_with_the_same_waker_keeps_one_and_wakes_it_once() {
    let (promise, mut awaited) = pending();
    let alarm = Alarm::new();
    for _ in 0..10 {
        assert!(alarm.poll(|context| awaited.poll(context)).is_pending());
    }
    assert_eq!(alarm.n_wakers(), 1);
    promise.set_result(7).unwrap();
    assert_eq!(alarm.n_wakes(), 1);
}

#[test]
fn a_newer_waker_takes_the_place_of_the_older_which_is_dropped_and_never_woken() {
    let (promise, mut awaited) = pending();
    let (older, newer) = (Alarm::new(), Alarm::new());
    assert!(older.poll(|context| awaited.poll(context)).is_pending());
    assert!(newer.poll(|context| awaited.poll(context)).is_pending());
    assert_eq!((older.n_wakers(), newer.n_wakers()), (0, 1));
    promise.set_result(7).unwrap();
    assert_eq!((older.n_wakes(), newer.n_wakes()), (0, 1));
}

#[test]
fn a_newer_waker_takes_the_olders_place_also_among_other_watchers() {
    let (promise, mut awaited) = pending();
    let mut observer = awaited.observer();
    let (watching, older, newer) = (Alarm::new(), Alarm::new(), Alarm::new());
    assert!(watching.poll(|it| observer.poll(it)).is_pending());
    assert!(older.poll(|context| awaited.poll(context)).is_pending());
    assert!(newer.poll(|context| awaited.poll(context)).is_pending());
    assert_eq!(older.n_wakers(), 0);
    promise.set_result(7).unwrap();
    let n_wakes = [&watching, &older, &newer].map(Alarm::n_wakes);
    assert_eq!(n_wakes, [1, 0, 1]);
}

#[test]
fn dropped_it_leaves_no_waker_and_detaches() {
    let (promise, mut awaited) = pending();
    let alarm = Alarm::new();
    assert!(alarm.poll(|context| awaited.poll(context)).is_pending());
    drop(awaited);
    assert_eq!(alarm.n_wakers(), 0);
    assert!(!promise.is_cancelled());
    promise.set_result(7).unwrap();
    assert_eq!(alarm.n_wakes(), 0);
}

#[test]
fn dropped_it_leaves_the_other_watchers() {
    let (promise, mut awaited) = pending();
    let mut observer = awaited.observer();
    let (reading, watching) = (Alarm::new(), Alarm::new());
    assert!(reading.poll(|context| awaited.poll(context)).is_pending());
    assert!(watching.poll(|it| observer.poll(it)).is_pending());
    drop(awaited);
    promise.set_result(7).unwrap();
    assert_eq!((reading.n_wakes(), watching.n_wakes()), (0, 1));
}

#[test]
fn going_back_to_the_blocking_face_leaves_no_waker() {
    let (promise, mut awaited) = pending();
    let alarm = Alarm::new();
    assert!(alarm.poll(|context| awaited.poll(context)).is_pending());
    let future = awaited.into_future();
    assert_eq!(alarm.n_wakers(), 0);
    promise.set_result(7).unwrap();
    assert_eq!((future.result().unwrap(), alarm.n_wakes()), (7, 0));
}

#[test]
fn a_poll_after_the_outcome_is_an_invalid_state() {
    for end in &ENDS[..3] {
        let (promise, mut awaited) = pending();
        end(promise, &awaited);
        let first = poll_once(|context| awaited.poll(context));
        assert!(!matches!(
            first,
            Poll::Pending | Poll::Ready(Err(Error::InvalidState))
        ));
        for _ in 0..2 {
            assert!(matches!(
                poll_once(|context| awaited.poll(context)),
                Poll::Ready(Err(Error::InvalidState))
            ));
        }
    }
}

#[test]
fn a_cancelled_one_says_so_however_often_it_is_polled() {
    for end in &ENDS[3..] {
        let (promise, mut awaited) = pending();
        end(promise, &awaited);
        for _ in 0..2 {
            assert!(matches!(
                poll_once(|context| awaited.poll(context)),
                Poll::Ready(Err(Error::Cancelled))
            ));
            assert!(matches!(awaited.try_take(), Some(Err(Error::Cancelled))));
        }
    }
}

#[test]
fn try_take_gives_the_outcome_once_and_never_a_waker() {
    let (promise, mut awaited) = pending();
    assert!(awaited.try_take().is_none());
    assert!(promise.set_running_or_notify_cancel());
    assert!(awaited.try_take().is_none());
    promise.set_result(7).unwrap();
    assert_eq!(awaited.try_take().unwrap().unwrap(), 7);
    assert!(awaited.try_take().is_none());
    assert!(matches!(
        poll_once(|context| awaited.poll(context)),
        Poll::Ready(Err(Error::InvalidState))
    ));
}

#[test]
fn it_tells_its_state_in_each_state() {
    let (promise, awaited) = pending();
    assert!(!awaited.is_done() && !awaited.is_running() && !awaited.is_cancelled());
    assert!(awaited.error().is_none());
    assert!(promise.set_running_or_notify_cancel());
    assert!(!awaited.is_done() && awaited.is_running() && !awaited.is_cancelled());
    promise.set_result(7).unwrap();
    assert!(awaited.is_done() && !awaited.is_running() && !awaited.is_cancelled());
    assert!(awaited.error().is_none());

    let (promise, awaited) = pending();
    promise.set_exception("no luck").unwrap();
    assert!(awaited.is_done() && !awaited.is_cancelled());
    assert_eq!(awaited.error().unwrap().to_string(), "no luck");

    let (_promise, awaited) = pending();
    assert!(awaited.request_cancel() && awaited.is_done() && awaited.is_cancelled());
    assert!(matches!(awaited.error(), Some(Error::Cancelled)));
}

#[test]
fn request_cancel_of_running_work_wakes_nobody_and_leaves_the_outcome() {
    let (promise, mut awaited) = running();
    let alarm = Alarm::new();
    assert!(alarm.poll(|context| awaited.poll(context)).is_pending());
    assert!(awaited.request_cancel() && !awaited.is_done() && !awaited.is_cancelled());
    assert_eq!(alarm.n_wakes(), 0);
    promise.set_result(7).unwrap();
    assert!(matches!(
        poll_once(|context| awaited.poll(context)),
        Poll::Ready(Ok(7))
    ));
}

#[test]
fn two_handles_are_equal_only_on_the_same_future() {
    let (_promise, one) = pending();
    let (_other_promise, other) = pending();
    assert!(one == one && one != other);
    assert_ne!(one.id(), other.id());
    let all = HashSet::from([one, other]);
    assert_eq!(all.len(), 2);
}

#[test]
fn its_debug_text_names_the_state_and_never_the_value() {
    let (promise, awaited) = pending();
    assert_eq!(format!("{awaited:?}"), "<Awaited pending>");
    assert!(promise.set_running_or_notify_cancel());
    assert_eq!(format!("{awaited:?}"), "<Awaited running>");
    assert!(awaited.give_up());
    assert_eq!(format!("{awaited:?}"), "<Awaited cancelled>");
    let awaited = Awaited::new(InlineExecutor::new().spawn(|| 7_u32));
    assert_eq!(format!("{awaited:?}"), "<Awaited finished: u32>");
}

#[test]
fn a_poll_is_no_blocking_call() {
    let (promise, mut awaited) = pending();
    let _in_a_poll = BlockingGuard::refuse();
    assert!(poll_once(|context| awaited.poll(context)).is_pending());
    promise.set_result(7).unwrap();
    assert!(poll_once(|context| awaited.poll(context)).is_ready());
}

#[test]
fn callbacks_run_before_the_reader_is_woken() {
    let (promise, future) = Promise::new();
    let (alarm, gate) = (Arc::new(Alarm::new()), Gate::new());
    let (seen, inside) = (Arc::clone(&alarm), gate.clone());
    future.add_done_callback(move |_| {
        assert_eq!(seen.n_wakes(), 0);
        inside.open();
    });
    let mut awaited = Awaited::new(future);
    assert!(alarm.poll(|context| awaited.poll(context)).is_pending());
    promise.set_result(7).unwrap();
    gate.pass();
    assert_eq!(alarm.n_wakes(), 1);
}

#[test]
fn a_poll_while_callbacks_run_is_pending_and_woken_after_them() {
    ends(|| {
        let (promise, future) = Promise::new();
        let (entered, leave) = (Gate::new(), Gate::new());
        let (open, pass) = (entered.clone(), leave.clone());
        future.add_done_callback(move |_| {
            open.open();
            pass.pass();
        });
        let finisher = thread::spawn(move || promise.set_result(7).unwrap());
        entered.pass();
        let mut awaited = Awaited::new(future);
        let alarm = Alarm::new();
        assert!(!awaited.is_done() && awaited.try_take().is_none());
        assert!(alarm.poll(|context| awaited.poll(context)).is_pending());
        assert_eq!(alarm.n_wakes(), 0);
        leave.open();
        finisher.join().unwrap();
        assert_eq!(alarm.n_wakes(), 1);
        assert!(matches!(
            poll_once(|context| awaited.poll(context)),
            Poll::Ready(Ok(7))
        ));
    });
}

#[test]
fn while_callbacks_run_no_other_thread_sees_the_error() {
    ends(|| {
        let (promise, future) = Promise::<u32>::new();
        let (entered, leave) = (Gate::new(), Gate::new());
        let (open, pass) = (entered.clone(), leave.clone());
        future.add_done_callback(move |_| {
            open.open();
            pass.pass();
        });
        let finisher = thread::spawn(move || drop(promise));
        entered.pass();
        let awaited = Awaited::new(future);
        assert!(awaited.error().is_none() && awaited.observer().look(|_| ()).is_none());
        leave.open();
        finisher.join().unwrap();
        assert!(matches!(awaited.error(), Some(Error::BrokenPromise)));
    });
}

#[test]
fn a_poll_while_an_observer_looks_is_pending_and_woken_when_it_has_looked() {
    ends(|| {
        let (promise, mut awaited) = pending();
        promise.set_result(7).unwrap();
        let observer = awaited.observer();
        let (entered, leave) = (Gate::new(), Gate::new());
        let (open, pass) = (entered.clone(), leave.clone());
        let looker = thread::spawn(move || {
            observer.look(|done| {
                open.open();
                pass.pass();
                *done.result().unwrap()
            })
        });
        entered.pass();
        let alarm = Alarm::new();
        assert!(awaited.is_done());
        assert!(alarm.poll(|context| awaited.poll(context)).is_pending());
        leave.open();
        assert_eq!(looker.join().unwrap(), Some(7));
        assert_eq!((alarm.n_wakes(), alarm.n_wakers()), (1, 0));
        assert!(matches!(
            poll_once(|context| awaited.poll(context)),
            Poll::Ready(Ok(7))
        ));
    });
}

#[test]
fn a_poll_inside_a_look_is_pending_and_woken_when_the_look_is_over() {
    ends(|| {
        let (promise, mut awaited) = pending();
        promise.set_result(7).unwrap();
        let observer = awaited.observer();
        let alarm = Alarm::new();
        observer.look(|_| assert!(alarm.poll(|it| awaited.poll(it)).is_pending()));
        assert_eq!(alarm.n_wakes(), 1);
        assert!(poll_once(|context| awaited.poll(context)).is_ready());
    });
}

#[test]
fn a_waker_that_panics_harms_neither_the_completing_thread_nor_other_watchers() {
    ends(|| {
        for end in ENDS {
            let (promise, mut awaited) = pending();
            let (mut observer, alarm) = (awaited.observer(), Alarm::new());
            let mut completions = Completions::new();
            assert!(poll_with(&faulty(), |it| awaited.poll(it)).is_pending());
            assert!(alarm.poll(|context| observer.poll(context)).is_pending());
            assert!(completions.watch(&awaited, 3));
            let reports = reports_of(|| end(promise, &awaited));
            assert_eq!(reports.len(), 1, "{reports:?}");
            assert!(reports[0].contains("panic in waker"), "{reports:?}");
            assert_eq!(alarm.n_wakes(), 1);
            assert_eq!(completions.take().0, [3]);
            assert!(poll_once(|context| awaited.poll(context)).is_ready());
        }
    });
}

#[test]
fn a_waker_that_panics_keeps_no_chain_from_going_on() {
    let (promise, future) = Promise::new();
    let mut awaited = Awaited::new(future.map(|n: u32| n + 1));
    assert!(poll_with(&faulty(), |it| awaited.poll(it)).is_pending());
    let reports = reports_of(|| promise.set_result(6).unwrap());
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(matches!(
        poll_once(|context| awaited.poll(context)),
        Poll::Ready(Ok(7))
    ));
}

#[test]
fn a_replaced_waker_may_look_at_the_same_future_as_it_is_dropped() {
    ends(|| {
        let (promise, mut awaited) = pending();
        let (canceller, mut observer) = (awaited.canceller(), awaited.observer());
        assert!(poll_once(|context| observer.poll(context)).is_pending());
        let waker = on_drop(move || {
            assert!(!canceller.is_done());
            // It takes its own waker out of the same cell.
            drop(observer);
        });
        assert!(poll_with(&waker, |it| awaited.poll(it)).is_pending());
        drop(waker);
        let alarm = Alarm::new();
        assert!(alarm.poll(|context| awaited.poll(context)).is_pending());
        promise.set_result(7).unwrap();
        assert_eq!(alarm.n_wakes(), 1);
    });
}

#[test]
fn a_waker_that_drops_the_reader_of_the_same_future_does_not_hang() {
    ends(|| {
        let (promise, mut awaited) = pending();
        let mut observer = awaited.observer();
        assert!(poll_once(|context| awaited.poll(context)).is_pending());
        let waker = on_drop(move || drop(awaited));
        assert!(poll_with(&waker, |it| observer.poll(it)).is_pending());
        drop(waker);
        drop(observer);
        promise.set_result(7).unwrap();
    });
}

#[test]
fn a_waker_that_drops_the_reader_of_another_future_does_not_hang() {
    ends(|| {
        let (promise, mut awaited) = pending();
        let (other_promise, mut other) = pending();
        let alarm = Alarm::new();
        assert!(alarm.poll(|context| other.poll(context)).is_pending());
        let waker = on_drop(move || drop(other));
        assert!(poll_with(&waker, |it| awaited.poll(it)).is_pending());
        drop(waker);
        drop(awaited);
        assert_eq!(alarm.n_wakers(), 0);
        drop((promise, other_promise));
    });
}

#[test]
fn a_waker_not_needed_may_give_up_the_same_future_as_it_is_dropped() {
    ends(|| {
        let (promise, mut awaited) = running();
        let (canceller, look) = (awaited.canceller(), awaited.observer());
        assert!(awaited.give_up());
        promise.set_result(7).unwrap();
        let waker = on_drop(move || {
            assert!(!canceller.give_up());
            drop(look);
        });
        assert!(poll_with(&waker, |it| awaited.poll(it)).is_ready());
        drop(waker);
    });
}

#[test]
fn a_waker_that_ends_another_future_as_it_wakes_does_not_hang() {
    ends(|| {
        let (promise, mut awaited) = pending();
        let (next, mut other) = pending();
        let waker = on_drop(move || next.set_result(8).unwrap());
        assert!(poll_with(&waker, |it| awaited.poll(it)).is_pending());
        drop(waker);
        let alarm = Alarm::new();
        assert!(alarm.poll(|context| other.poll(context)).is_pending());
        promise.set_result(7).unwrap();
        assert_eq!(alarm.n_wakes(), 1);
    });
}

#[test]
fn many_readers_on_many_threads_each_get_their_value() {
    ends(|| {
        let (promises, futures) = promises(10_000);
        let (start, finishers) = crate::threads::keep_from_four(promises);
        let n_failed = Arc::new(AtomicUsize::new(0));
        let readers = futures.into_iter().enumerate().fold(
            [const { Vec::new() }; 2],
            |mut parts, (place, future)| {
                parts[place % 2].push((place, Awaited::new(future)));
                parts
            },
        );
        let readers = readers.map(|part| {
            let n_failed = Arc::clone(&n_failed);
            thread::spawn(move || {
                for (place, mut awaited) in part {
                    match block_on(|context| awaited.poll(context)) {
                        Ok(value) => assert_eq!(value, place),
                        Err(_) => drop(n_failed.fetch_add(1, Ordering::Relaxed)),
                    }
                }
            })
        });
        start.wait();
        readers.into_iter().for_each(|it| it.join().unwrap());
        finishers.into_iter().for_each(|it| it.join().unwrap());
        assert_eq!(n_failed.load(Ordering::Relaxed), 3_333);
    });
}

#[test]
fn every_end_wakes_the_observer_once_and_makes_it_ready() {
    for end in ENDS {
        let (promise, awaited) = pending();
        let mut observer = awaited.observer();
        let alarm = Alarm::new();
        assert!(alarm.poll(|context| observer.poll(context)).is_pending());
        end(promise, &awaited);
        assert_eq!((alarm.n_wakes(), alarm.n_wakers()), (1, 0));
        for _ in 0..2 {
            assert!(alarm.poll(|context| observer.poll(context)).is_ready());
        }
    }
}

#[test]
fn a_look_leaves_the_outcome_for_the_reader() {
    let (promise, mut awaited) = pending();
    let observer = awaited.observer();
    assert!(observer.look(|_| panic!("not to be called")).is_none());
    assert!(promise.set_running_or_notify_cancel());
    assert!(observer.look(|_| panic!("not to be called")).is_none());
    promise.set_result(7).unwrap();
    for _ in 0..2 {
        assert_eq!(observer.look(|done| *done.result().unwrap()), Some(7));
    }
    assert!(matches!(
        poll_once(|context| awaited.poll(context)),
        Poll::Ready(Ok(7))
    ));
}

#[test]
fn a_look_after_the_value_was_taken_sees_an_invalid_state() {
    let (promise, mut awaited) = pending();
    let observer = awaited.observer();
    promise.set_result(7).unwrap();
    awaited.try_take().unwrap().unwrap();
    let seen = observer.look(|done| matches!(done.exception(), Some(Error::InvalidState)));
    assert_eq!(seen, Some(true));
}

#[test]
fn a_look_sees_a_cancellation_also_after_it_was_taken() {
    let (_promise, mut awaited) = pending();
    let observer = awaited.observer();
    assert!(awaited.give_up());
    let is_cancelled =
        || observer.look(|done| done.cancelled() && matches!(done.result(), Err(Error::Cancelled)));
    assert_eq!(is_cancelled(), Some(true));
    assert!(awaited.try_take().unwrap().is_err());
    assert_eq!(is_cancelled(), Some(true));
}

#[test]
fn a_look_that_panics_leaves_the_outcome() {
    let (promise, mut awaited) = pending();
    let observer = awaited.observer();
    promise.set_result(7).unwrap();
    let look = || observer.look(|_| panic!("in the look"));
    assert!(catch_unwind(AssertUnwindSafe(look)).is_err());
    assert_eq!(awaited.try_take().unwrap().unwrap(), 7);
}

#[test]
fn a_dropped_observer_leaves_no_waker() {
    let (promise, awaited) = pending();
    let mut observer = awaited.observer();
    let alarm = Alarm::new();
    assert!(alarm.poll(|context| observer.poll(context)).is_pending());
    drop(observer);
    assert_eq!(alarm.n_wakers(), 0);
    promise.set_result(7).unwrap();
    assert_eq!(alarm.n_wakes(), 0);
}

#[test]
fn a_dropped_observer_that_never_polled_leaves_the_other_ones_waker() {
    let (promise, awaited) = pending();
    let (mut polls, looks) = (awaited.observer(), awaited.observer());
    let alarm = Alarm::new();
    assert!(alarm.poll(|context| polls.poll(context)).is_pending());
    assert!(looks.look(|_| ()).is_none());
    drop(looks);
    promise.set_result(7).unwrap();
    assert_eq!(alarm.n_wakes(), 1);
}

#[test]
fn an_observer_outlives_the_reader_and_keeps_the_value() {
    let (promise, awaited) = pending();
    let observer = awaited.observer();
    drop(awaited);
    promise.set_result(7).unwrap();
    assert_eq!(observer.look(|done| *done.result().unwrap()), Some(7));
}

#[test]
fn a_producer_is_told_once_that_nobody_wants_the_value() {
    let unwanted: [fn(&Awaited<u32>) -> bool; 2] = [Awaited::request_cancel, Awaited::give_up];
    for end in unwanted {
        let (promise, awaited) = pending();
        let alarm = Alarm::new();
        assert!(alarm.poll(|it| promise.poll_cancelled(it)).is_pending());
        assert!(end(&awaited));
        assert_eq!((alarm.n_wakes(), alarm.n_wakers()), (1, 0));
        assert!(alarm.poll(|it| promise.poll_cancelled(it)).is_ready());
        assert!(promise.is_cancelled() && promise.set_result(7).is_err());
    }
}

#[test]
fn a_producer_at_work_is_told_that_its_reader_gave_up_but_not_of_a_request() {
    let (promise, awaited) = running();
    let alarm = Alarm::new();
    assert!(alarm.poll(|it| promise.poll_cancelled(it)).is_pending());
    assert!(awaited.request_cancel());
    assert_eq!(alarm.n_wakes(), 0);
    assert!(alarm.poll(|it| promise.poll_cancelled(it)).is_pending());
    assert!(awaited.give_up());
    assert_eq!(alarm.n_wakes(), 1);
    assert!(alarm.poll(|it| promise.poll_cancelled(it)).is_ready());
}

#[test]
fn a_producer_whose_reader_went_is_not_told_of_a_cancellation() {
    let (promise, awaited) = pending();
    drop(awaited);
    assert!(poll_once(|it| promise.poll_cancelled(it)).is_pending());
    assert!(promise.set_running_or_notify_cancel());
}

#[test]
fn a_kept_promise_leaves_no_waker_of_its_producer() {
    let (promise, _awaited) = pending();
    let (older, newer) = (Alarm::new(), Alarm::new());
    assert!(older.poll(|it| promise.poll_cancelled(it)).is_pending());
    assert!(newer.poll(|it| promise.poll_cancelled(it)).is_pending());
    assert_eq!(older.n_wakers(), 0);
    promise.set_result(7).unwrap();
    assert_eq!((older.n_wakes(), newer.n_wakers()), (0, 0));
}

#[test]
fn a_derived_future_wakes_with_the_derived_value() {
    let (promise, future) = Promise::new();
    let derived: Future<usize> = future.map(|text: String| text.len());
    let mut awaited = Awaited::new(derived);
    let alarm = Alarm::new();
    assert!(alarm.poll(|context| awaited.poll(context)).is_pending());
    promise.set_result(String::from("seven")).unwrap();
    assert_eq!(alarm.n_wakes(), 1);
    assert!(matches!(
        poll_once(|context| awaited.poll(context)),
        Poll::Ready(Ok(5))
    ));
}
