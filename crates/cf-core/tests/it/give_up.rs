//! Giving an awaited future up: what it answers in each state, whom it tells, and what becomes of the work.

use std::{
    sync::{Arc, mpsc},
    task::Poll,
    thread,
    time::Duration,
};

use cf_core::{
    ClosureExecutor, Error, Future, Promise, ReturnWhen, as_completed, as_completed_timeout,
    bridge::{Awaited, Completions},
    checkpoint, fallible, wait, wait_timeout,
};

use crate::{
    alarm::{Alarm, block_on, poll_once},
    awaited::{pending, running},
    gate::{Gate, ends},
    threads::{OnThreads, open_when_blocked, queued},
};

fn is_cancelled(awaited: &mut Awaited<u32>) -> bool {
    matches!(
        poll_once(|context| awaited.poll(context)),
        Poll::Ready(Err(Error::Cancelled))
    )
}

#[test]
fn pending_work_is_cancelled_and_never_runs() {
    let (task, future) = queued(|| -> u32 { panic!("not to be run") });
    let mut awaited = Awaited::new(future);
    assert!(awaited.give_up());
    assert!(!task.is_pending());
    assert!(awaited.is_done() && awaited.is_cancelled() && !awaited.is_running());
    assert!(is_cancelled(&mut awaited));
}

#[test]
fn running_work_goes_on_while_its_reader_sees_a_cancellation_at_once() {
    let (promise, mut awaited) = running();
    assert!(awaited.give_up());
    assert!(awaited.is_done() && awaited.is_cancelled());
    assert!(matches!(awaited.error(), Some(Error::Cancelled)));
    assert!(is_cancelled(&mut awaited));
    assert!(!promise.is_cancelled() && promise.set_result(7).is_ok());
    assert!(awaited.is_cancelled() && is_cancelled(&mut awaited));
}

#[test]
fn a_reader_that_gave_up_sees_a_cancellation_as_often_as_it_asks() {
    let (promise, mut awaited) = running();
    assert!(awaited.give_up());
    for _ in 0..2 {
        assert!(is_cancelled(&mut awaited));
        assert!(matches!(awaited.try_take(), Some(Err(Error::Cancelled))));
    }
    drop(promise);
}

#[test]
fn running_work_is_asked_to_stop() {
    let (promise, awaited) = running();
    assert!(promise.run(checkpoint).is_ok());
    assert!(awaited.give_up());
    assert!(matches!(promise.run(checkpoint), Err(Error::Cancelled)));
}

#[test]
fn what_has_ended_cannot_be_given_up() {
    let ended: [fn(Promise<u32>); 3] = [
        |promise| promise.set_result(7).unwrap(),
        |promise| promise.set_exception("no luck").unwrap(),
        |promise| drop(promise),
    ];
    for end in ended {
        let (promise, mut awaited) = pending();
        end(promise);
        assert!(!awaited.give_up() && !awaited.canceller().give_up());
        assert!(awaited.is_done() && !awaited.is_cancelled());
        assert!(!is_cancelled(&mut awaited));
    }
}

#[test]
fn it_is_true_the_first_time_only() {
    for (promise, awaited) in [pending(), running()] {
        assert!(awaited.give_up());
        assert!(!awaited.give_up() && !awaited.canceller().give_up());
        drop(promise);
        assert!(!awaited.give_up());
    }
}

#[test]
fn the_late_end_wakes_nobody_again() {
    let (promise, mut awaited) = running();
    let mut observer = awaited.observer();
    let (reading, watching) = (Alarm::new(), Alarm::new());
    assert!(reading.poll(|context| awaited.poll(context)).is_pending());
    assert!(watching.poll(|it| observer.poll(it)).is_pending());
    assert!(awaited.give_up());
    assert_eq!((reading.n_wakes(), watching.n_wakes()), (1, 1));
    assert!(is_cancelled(&mut awaited));
    promise.set_result(7).unwrap();
    assert_eq!((reading.n_wakes(), watching.n_wakes()), (1, 1));
    assert_eq!((reading.n_wakers(), watching.n_wakers()), (0, 0));
}

#[test]
fn it_tells_all_who_await() {
    let (promise, mut awaited) = running();
    let mut observer = awaited.observer();
    let alarms = [(); 4].map(|()| Alarm::new());
    let mut completions = Completions::new();
    assert!(completions.watch(&awaited, 5));
    assert!(alarms[0].poll(|it| awaited.poll(it)).is_pending());
    assert!(alarms[1].poll(|it| observer.poll(it)).is_pending());
    assert!(alarms[2].poll(|it| promise.poll_cancelled(it)).is_pending());
    let report = alarms[3].poll(|it| completions.poll(1, false, it));
    assert!(report.is_pending());
    assert!(awaited.canceller().give_up());
    assert_eq!(alarms.each_ref().map(Alarm::n_wakes), [1; 4]);
    assert_eq!(alarms.each_ref().map(Alarm::n_wakers), [0; 4]);
    assert_eq!(completions.take(), (vec![5], false));
}

#[test]
fn an_observer_sees_a_cancellation_before_and_after_the_late_end() {
    let (promise, awaited) = running();
    let observer = awaited.observer();
    assert!(awaited.give_up());
    let is_cancelled =
        || observer.look(|done| done.cancelled() && matches!(done.result(), Err(Error::Cancelled)));
    assert_eq!(is_cancelled(), Some(true));
    promise.set_result(7).unwrap();
    assert_eq!(is_cancelled(), Some(true));
}

#[test]
fn the_late_outcome_is_dropped_with_the_last_handle() {
    let held = Arc::new(());
    let (promise, future) = Promise::new();
    let awaited = Awaited::new(future);
    assert!(promise.set_running_or_notify_cancel());
    assert!(awaited.give_up());
    promise.set_result(Arc::clone(&held)).unwrap();
    drop(awaited);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn the_late_outcome_of_a_reader_that_went_is_dropped_at_once() {
    let held = Arc::new(());
    let (promise, future) = Promise::new();
    let awaited = Awaited::new(future);
    assert!(promise.set_running_or_notify_cancel());
    assert!(awaited.give_up());
    drop(awaited);
    promise.set_result(Arc::clone(&held)).unwrap();
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn the_late_outcome_of_cancelled_work_goes_back_to_the_promise() {
    let (promise, awaited) = pending();
    assert!(awaited.give_up());
    assert_eq!(promise.set_result(7).unwrap_err().into_inner(), 7);
}

#[test]
fn poll_stopped_waits_for_the_real_end_and_gives_it() {
    let ended: [fn(Promise<u32>); 3] = [
        |promise| promise.set_result(7).unwrap(),
        |promise| promise.set_exception("no luck").unwrap(),
        |promise| promise.set_exception(Error::Cancelled).unwrap(),
    ];
    let expected = ["7", "no luck", "cancelled"];
    for (end, expected) in ended.into_iter().zip(expected) {
        let (promise, mut awaited) = running();
        assert!(awaited.give_up());
        let alarm = Alarm::new();
        assert!(alarm.poll(|it| awaited.poll_stopped(it)).is_pending());
        end(promise);
        assert_eq!((alarm.n_wakes(), alarm.n_wakers()), (1, 0));
        let Poll::Ready(outcome) = poll_once(|it| awaited.poll_stopped(it)) else {
            panic!("it has ended");
        };
        let text = outcome.map_or_else(|error| error.to_string(), |n| n.to_string());
        assert!(text.contains(expected), "{text}");
        assert!(is_cancelled(&mut awaited), "poll sees the giving up");
    }
}

#[test]
fn poll_stopped_gives_the_outcome_once() {
    let (promise, mut awaited) = running();
    assert!(awaited.give_up());
    promise.set_result(7).unwrap();
    assert!(matches!(
        poll_once(|it| awaited.poll_stopped(it)),
        Poll::Ready(Ok(7))
    ));
    assert!(matches!(
        poll_once(|it| awaited.poll_stopped(it)),
        Poll::Ready(Err(Error::InvalidState))
    ));
}

#[test]
fn poll_stopped_of_pending_work_is_cancelled_at_once() {
    let (_promise, mut awaited) = pending();
    assert!(awaited.give_up());
    assert!(matches!(
        poll_once(|it| awaited.poll_stopped(it)),
        Poll::Ready(Err(Error::Cancelled))
    ));
}

#[test]
fn poll_stopped_without_a_giving_up_is_a_poll() {
    let (promise, mut awaited) = running();
    let alarm = Alarm::new();
    assert!(alarm.poll(|it| awaited.poll_stopped(it)).is_pending());
    promise.set_result(7).unwrap();
    assert_eq!(alarm.n_wakes(), 1);
    assert!(matches!(
        poll_once(|it| awaited.poll_stopped(it)),
        Poll::Ready(Ok(7))
    ));
}

#[test]
fn poll_stopped_begun_before_the_giving_up_does_not_end_with_it() {
    ends(|| {
        let (promise, mut awaited) = running();
        let (canceller, observer) = (awaited.canceller(), awaited.observer());
        let polled = Gate::new();
        let has_polled = polled.clone();
        let reader = thread::spawn(move || {
            block_on(|context| {
                let outcome = awaited.poll_stopped(context);
                has_polled.open();
                outcome
            })
        });
        polled.pass();
        assert!(canceller.give_up());
        assert_eq!(
            observer.look(|done| done.cancelled() && done.exception().is_some()),
            Some(true)
        );
        promise.set_result(7).unwrap();
        assert_eq!(reader.join().unwrap().unwrap(), 7);
    });
}

#[test]
fn a_task_that_stops_at_a_checkpoint_ends_as_cancelled() {
    ends(|| {
        let (started, given_up) = (Gate::new(), Gate::new());
        let (is_started, go_on) = (started.clone(), given_up.clone());
        let future = OnThreads.spawn(fallible(move || {
            is_started.open();
            go_on.pass();
            checkpoint().map(|()| 7)
        }));
        let mut awaited = Awaited::new(future);
        started.pass();
        assert!(awaited.give_up());
        given_up.open();
        let outcome = block_on(|context| awaited.poll_stopped(context));
        assert!(matches!(outcome, Err(Error::Cancelled)));
    });
}

#[test]
fn the_blocking_face_still_gets_the_outcome_of_given_up_work() {
    let (promise, awaited) = running();
    assert!(awaited.give_up());
    let mut future = awaited.into_future();
    assert!(!future.done() && !future.cancelled());
    assert!(future.result_timeout(Duration::ZERO).is_err());
    promise.set_result(7).unwrap();
    assert_eq!(future.result().unwrap(), 7);
}

/// Running work whose blocking reader waits in `block`, and is given up meanwhile; gives what `block` gave.
fn given_up_while<R: Send + 'static>(block: impl FnOnce(Future<u32>) -> R + Send + 'static) -> R {
    ends(|| {
        let (promise, awaited) = running();
        let canceller = awaited.canceller();
        let is_blocked = Gate::new();
        let tell = is_blocked.clone();
        let reader = thread::spawn(move || {
            open_when_blocked(tell);
            block(awaited.into_future())
        });
        is_blocked.pass();
        assert!(canceller.give_up());
        promise.set_result(7).unwrap();
        reader.join().unwrap()
    })
}

#[test]
fn a_blocked_reader_is_still_told_of_the_real_end() {
    assert_eq!(given_up_while(|it| it.result().unwrap()), 7);
}

#[test]
fn a_blocking_wait_is_not_told_of_the_giving_up() {
    let is_done = given_up_while(|future| {
        let sets = wait([future], ReturnWhen::FirstCompleted);
        sets.done.into_iter().all(|it| it.done() && !it.cancelled())
    });
    assert!(is_done);
}

#[test]
fn as_completed_is_not_told_of_the_giving_up() {
    let value = given_up_while(|future| as_completed([future]).next().unwrap().try_result());
    assert_eq!(value.unwrap().unwrap(), 7);
}

#[test]
fn a_set_of_blocking_futures_counts_given_up_work_as_not_done() {
    let (promise, awaited) = running();
    let canceller = awaited.canceller();
    let future = awaited.into_future();
    let mut completed = as_completed_timeout([&future], Duration::ZERO);
    assert!(canceller.give_up());
    assert!(completed.next().unwrap().is_err());
    let sets = wait_timeout([&future], Duration::ZERO, ReturnWhen::FirstCompleted);
    assert_eq!((sets.done.len(), sets.not_done.len()), (0, 1));
    drop(promise);
}

#[test]
fn in_a_done_callback_it_is_too_late() {
    let (promise, future) = Promise::<u32>::new();
    let (told, canceller) = (Gate::new(), Awaited::new(future));
    let handle = canceller.canceller();
    let future = canceller.into_future();
    let tell = told.clone();
    future.add_done_callback(move |_| {
        assert!(handle.is_done() && !handle.give_up());
        tell.open();
    });
    promise.set_result(7).unwrap();
    told.pass();
    assert_eq!(future.result().unwrap(), 7);
}

#[test]
fn callbacks_run_at_the_real_end_with_the_real_outcome() {
    let (promise, future) = Promise::<u32>::new();
    let (tell, told) = mpsc::channel();
    future.add_done_callback(move |done| tell.send(*done.result().unwrap()).unwrap());
    let awaited = Awaited::new(future);
    assert!(promise.set_running_or_notify_cancel());
    assert!(awaited.give_up());
    assert!(told.try_recv().is_err());
    promise.set_result(7).unwrap();
    assert_eq!(told.recv(), Ok(7));
}

#[test]
fn a_canceller_outlives_the_reader() {
    let (promise, awaited) = pending();
    let canceller = awaited.canceller();
    drop(awaited);
    assert!(!canceller.is_done() && !canceller.is_cancelled());
    assert!(canceller.clone().give_up());
    assert!(canceller.is_done() && canceller.is_cancelled() && promise.is_cancelled());
}

#[test]
fn of_a_derived_future_it_cancels_a_pending_source() {
    let (promise, future) = Promise::<u32>::new();
    let awaited = Awaited::new(future.map(|n| n + 1));
    let alarm = Alarm::new();
    assert!(alarm.poll(|it| promise.poll_cancelled(it)).is_pending());
    assert!(awaited.give_up());
    assert_eq!(alarm.n_wakes(), 1);
    assert!(promise.is_cancelled());
}

#[test]
fn of_a_derived_future_it_asks_a_running_source_to_stop_and_drops_its_late_outcome() {
    let held = Arc::new(());
    let (promise, future) = Promise::<Arc<()>>::new();
    assert!(promise.set_running_or_notify_cancel());
    let derived: Future<u32> = future.map(|_| panic!("not to be called"));
    let mut awaited = Awaited::new(derived);
    assert!(awaited.give_up() && is_cancelled(&mut awaited));
    assert!(matches!(promise.run(checkpoint), Err(Error::Cancelled)));
    promise.set_result(Arc::clone(&held)).unwrap();
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn of_a_derived_future_it_reaches_the_inner_one_that_it_follows() {
    let (promise, future) = Promise::<u32>::new();
    let (inner, followed) = Promise::<u32>::new();
    let awaited = Awaited::new(future.and_then(move |_| followed));
    promise.set_result(7).unwrap();
    assert!(inner.set_running_or_notify_cancel());
    assert!(awaited.give_up());
    assert!(matches!(inner.run(checkpoint), Err(Error::Cancelled)));
}

#[test]
fn of_a_long_chain_it_reaches_the_first() {
    let (promise, future) = Promise::<u32>::new();
    assert!(promise.set_running_or_notify_cancel());
    let chain = (0..10_000).fold(future, |future, _| future.map(|n| n + 1));
    let mut awaited = Awaited::new(chain);
    assert!(awaited.give_up() && is_cancelled(&mut awaited));
    assert!(matches!(promise.run(checkpoint), Err(Error::Cancelled)));
}

#[test]
fn of_a_giving_up_and_a_value_the_first_one_stays() {
    ends(|| {
        for _ in 0..200 {
            let (promise, mut awaited) = running();
            let canceller = awaited.canceller();
            let start = Gate::new();
            let go = start.clone();
            let giver = thread::spawn(move || {
                go.pass();
                canceller.give_up()
            });
            start.open();
            promise.set_result(7).unwrap();
            let outcome = block_on(|context| awaited.poll(context));
            let was_given_up = giver.join().unwrap();
            assert_eq!(outcome.is_err(), was_given_up);
        }
    });
}
