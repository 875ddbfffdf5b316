//! `SharedAwaited`: clones that each await one outcome.

use std::{sync::Arc, task::Poll, thread, time::Duration};

use cf_core::{
    BlockingGuard, Error, Promise, ReturnWhen, SharedFuture,
    bridge::{SharedAwaited, Watched},
    checkpoint, wait, wait_timeout,
};

use crate::{
    alarm::{Alarm, block_on, faulty, poll_once, poll_with},
    callback::reports_of,
    gate::{Gate, ends},
    threads::open_when_blocked,
};

fn pending() -> (Promise<u32>, SharedFuture<u32>, SharedAwaited<u32>) {
    let (promise, future) = Promise::new();
    let shared = future.shared();
    (promise, shared.clone(), SharedAwaited::new(shared))
}

fn running() -> (Promise<u32>, SharedFuture<u32>, SharedAwaited<u32>) {
    let it = pending();
    assert!(it.0.set_running_or_notify_cancel());
    it
}

fn is_cancelled(awaited: &mut SharedAwaited<u32>) -> bool {
    matches!(
        poll_once(|context| awaited.poll(context)),
        Poll::Ready(Err(Error::Cancelled))
    )
}

#[test]
fn each_clone_wakes_its_own_waker_once() {
    let (promise, _, awaited) = pending();
    let mut clones = [(); 3].map(|()| (awaited.clone(), Alarm::new()));
    for (clone, alarm) in &mut clones {
        assert!(alarm.poll(|context| clone.poll(context)).is_pending());
    }
    promise.set_result(7).unwrap();
    for (clone, alarm) in &mut clones {
        assert_eq!((alarm.n_wakes(), alarm.n_wakers()), (1, 0));
        for _ in 0..2 {
            assert!(matches!(
                alarm.poll(|context| clone.poll(context)),
                Poll::Ready(Ok(7))
            ));
        }
    }
}

#[test]
fn a_newer_waker_takes_the_place_of_the_same_clones_older_one_only() {
    let (promise, _, mut one) = pending();
    let mut other = one.clone();
    let (older, newer, others) = (Alarm::new(), Alarm::new(), Alarm::new());
    assert!(older.poll(|context| one.poll(context)).is_pending());
    assert!(others.poll(|context| other.poll(context)).is_pending());
    assert!(newer.poll(|context| one.poll(context)).is_pending());
    assert_eq!((older.n_wakers(), others.n_wakers()), (0, 1));
    promise.set_result(7).unwrap();
    assert_eq!([older, newer, others].map(|it| it.n_wakes()), [0, 1, 1]);
}

#[test]
fn a_clone_of_one_that_waits_waits_for_itself() {
    let (promise, _, mut one) = pending();
    let (waits, clones) = (Alarm::new(), Alarm::new());
    assert!(waits.poll(|context| one.poll(context)).is_pending());
    let mut clone = one.clone();
    assert!(clones.poll(|context| clone.poll(context)).is_pending());
    drop(clone);
    assert_eq!((waits.n_wakers(), clones.n_wakers()), (1, 0));
    promise.set_result(7).unwrap();
    assert_eq!((waits.n_wakes(), clones.n_wakes()), (1, 0));
}

#[test]
fn each_clone_sees_a_failure_and_a_cancellation() {
    let (promise, _, mut one) = pending();
    let mut other = one.clone();
    promise.set_exception("no luck").unwrap();
    for it in [&mut one, &mut other] {
        let Poll::Ready(Err(error)) = poll_once(|context| it.poll(context)) else {
            panic!("it has failed");
        };
        assert_eq!(error.to_string(), "no luck");
        assert_eq!(it.error().unwrap().to_string(), "no luck");
        assert!(it.is_done() && !it.is_cancelled());
    }
    let (_promise, shared, mut awaited) = pending();
    let alarm = Alarm::new();
    assert!(alarm.poll(|context| awaited.poll(context)).is_pending());
    assert!(shared.cancel());
    assert_eq!(alarm.n_wakes(), 1);
    assert!(awaited.is_cancelled() && is_cancelled(&mut awaited));
}

#[test]
fn a_peek_and_a_look_show_the_outcome_once_it_is_there() {
    let (promise, _, awaited) = pending();
    assert!(awaited.peek().is_none() && awaited.error().is_none());
    assert!(awaited.look(|_| panic!("not to be called")).is_none());
    promise.set_result(7).unwrap();
    for _ in 0..2 {
        assert_eq!(awaited.peek().unwrap().unwrap(), 7);
        assert_eq!(awaited.look(|done| *done.result().unwrap()), Some(7));
    }
    assert!(awaited.error().is_none());
}

#[test]
fn pending_work_given_up_is_cancelled_for_all_the_blocking_clones_as_well() {
    let (promise, shared, mut awaited) = pending();
    let mut other = awaited.clone();
    let alarm = Alarm::new();
    assert!(alarm.poll(|context| other.poll(context)).is_pending());
    assert!(awaited.give_up() && !awaited.give_up() && !other.give_up());
    assert_eq!(alarm.n_wakes(), 1);
    assert!(is_cancelled(&mut awaited) && is_cancelled(&mut other));
    assert!(promise.is_cancelled() && shared.cancelled());
    assert!(matches!(shared.result(), Err(Error::Cancelled)));
}

#[test]
fn running_work_given_up_is_cancelled_for_all_awaitable_clones() {
    let (promise, _, mut awaited) = running();
    let mut other = awaited.clone();
    let (reading, others) = (Alarm::new(), Alarm::new());
    assert!(reading.poll(|context| awaited.poll(context)).is_pending());
    assert!(others.poll(|context| other.poll(context)).is_pending());
    assert!(awaited.give_up() && !other.give_up());
    assert_eq!((reading.n_wakes(), others.n_wakes()), (1, 1));
    promise.set_result(7).unwrap();
    assert_eq!((reading.n_wakes(), others.n_wakes()), (1, 1));
    for it in [&mut awaited, &mut other] {
        assert!(it.is_done() && it.is_cancelled() && is_cancelled(it));
        assert!(matches!(it.peek(), Some(Err(Error::Cancelled))));
        assert!(matches!(it.error(), Some(Error::Cancelled)));
        assert_eq!(
            it.look(|done| done.cancelled() && done.exception().is_some()),
            Some(true)
        );
    }
}

#[test]
fn running_work_given_up_is_asked_to_stop() {
    let (promise, _, awaited) = running();
    assert!(awaited.give_up());
    assert!(matches!(promise.run(checkpoint), Err(Error::Cancelled)));
}

#[test]
fn a_blocking_clone_still_gets_the_outcome_of_given_up_work() {
    let (promise, shared, mut awaited) = running();
    assert!(awaited.give_up());
    assert!(!shared.done() && !shared.cancelled());
    promise.set_result(7).unwrap();
    assert_eq!(shared.result().unwrap(), 7);
    assert!(is_cancelled(&mut awaited));
}

#[test]
fn a_blocking_clone_that_waits_meanwhile_still_gets_the_outcome() {
    ends(|| {
        let (promise, shared, awaited) = running();
        let are_blocked = [Gate::new(), Gate::new()];
        let readers = [0, 1].map(|n| {
            let (shared, tell) = (shared.clone(), are_blocked[n].clone());
            thread::spawn(move || {
                open_when_blocked(tell);
                if n == 0 {
                    return shared.result().unwrap();
                }
                let sets = wait([shared], ReturnWhen::FirstCompleted);
                let done = sets.done.into_iter().next().unwrap();
                assert!(done.done(), "it is not told of the giving up");
                done.result().unwrap()
            })
        });
        are_blocked.iter().for_each(Gate::pass);
        assert!(awaited.give_up());
        promise.set_result(7).unwrap();
        for reader in readers {
            assert_eq!(reader.join().unwrap(), 7);
        }
    });
}

#[test]
fn a_blocking_wait_counts_given_up_work_as_not_done() {
    let (_promise, shared, awaited) = running();
    assert!(awaited.give_up());
    let sets = wait_timeout([&shared], Duration::ZERO, ReturnWhen::FirstCompleted);
    assert_eq!((sets.done.len(), sets.not_done.len()), (0, 1));
}

#[test]
fn what_has_ended_cannot_be_given_up() {
    let (promise, _, mut awaited) = pending();
    promise.set_result(7).unwrap();
    assert!(!awaited.give_up() && !awaited.is_cancelled());
    assert!(matches!(
        poll_once(|context| awaited.poll(context)),
        Poll::Ready(Ok(7))
    ));
}

#[test]
fn dropped_a_clone_leaves_no_waker() {
    let (promise, _, mut awaited) = pending();
    let mut other = awaited.clone();
    let (goes, stays) = (Alarm::new(), Alarm::new());
    assert!(goes.poll(|context| awaited.poll(context)).is_pending());
    assert!(stays.poll(|context| other.poll(context)).is_pending());
    drop(awaited);
    assert_eq!((goes.n_wakers(), stays.n_wakers()), (0, 1));
    promise.set_result(7).unwrap();
    assert_eq!((goes.n_wakes(), stays.n_wakes()), (0, 1));
}

#[test]
fn a_clone_that_never_waited_takes_no_waker_away() {
    let (promise, _, mut awaited) = pending();
    let alarm = Alarm::new();
    assert!(alarm.poll(|context| awaited.poll(context)).is_pending());
    drop(awaited.clone());
    promise.set_result(7).unwrap();
    assert_eq!(alarm.n_wakes(), 1);
}

#[test]
fn a_clones_waker_that_panics_harms_no_other_clone() {
    let (promise, shared, mut bad) = pending();
    let mut good = bad.clone();
    let alarm = Alarm::new();
    assert!(poll_with(&faulty(), |it| bad.poll(it)).is_pending());
    assert!(alarm.poll(|context| good.poll(context)).is_pending());
    let reports = reports_of(|| promise.set_result(7).unwrap());
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert_eq!((alarm.n_wakes(), shared.result().unwrap()), (1, 7));
}

#[test]
fn clones_are_handles_on_the_same_future() {
    let (_promise, _, awaited) = pending();
    let (_other_promise, _, other) = pending();
    assert_eq!(awaited.id(), awaited.clone().id());
    assert_ne!(awaited.id(), other.id());
}

#[test]
fn its_debug_text_names_the_state() {
    let (promise, _, awaited) = pending();
    assert_eq!(
        format!("{awaited:?}"),
        "<SharedAwaited of <SharedFuture pending>>"
    );
    assert!(promise.set_running_or_notify_cancel());
    assert!(awaited.give_up());
    assert_eq!(format!("{awaited:?}"), "<SharedAwaited cancelled>");
}

#[test]
fn a_poll_is_no_blocking_call() {
    let (promise, _, mut awaited) = pending();
    let _in_a_poll = BlockingGuard::refuse();
    assert!(poll_once(|context| awaited.poll(context)).is_pending());
    promise.set_result(7).unwrap();
    assert!(poll_once(|context| awaited.poll(context)).is_ready());
}

#[test]
fn clones_on_many_threads_all_get_it_beside_blocking_ones() {
    ends(|| {
        for _ in 0..50 {
            let (promise, future) = Promise::new();
            let shared = future.shared();
            let readers: Vec<_> = (0..8)
                .map(|n| {
                    let shared = shared.clone();
                    thread::spawn(move || {
                        if n % 2 == 0 {
                            return shared.result().unwrap();
                        }
                        let mut awaited = SharedAwaited::new(shared);
                        block_on(|context| awaited.poll(context)).unwrap()
                    })
                })
                .collect();
            let value = Arc::new(());
            promise.set_result(Arc::clone(&value)).unwrap();
            for reader in readers {
                assert!(Arc::ptr_eq(&reader.join().unwrap(), &value));
            }
        }
    });
}
