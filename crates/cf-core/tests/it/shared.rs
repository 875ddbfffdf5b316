//! `SharedFuture`: one outcome, many readers.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use cf_core::{
    ClosureExecutor, Error, InlineExecutor, Promise, ReturnWhen, SharedFuture, TimedOut,
    checkpoint, fallible, gather, wait,
};

use crate::{
    gate::{Gate, LONG, ends},
    threads::{OnThreads, queued},
};

#[test]
fn the_outcome_can_be_read_any_number_of_times() {
    let shared = InlineExecutor.spawn(|| vec![7]).shared();
    let clone = shared.clone();
    assert_eq!(shared.result().unwrap(), [7]);
    assert_eq!(shared.result().unwrap(), clone.result().unwrap());
    let failed = InlineExecutor
        .spawn(fallible(|| Err::<u32, _>("no luck")))
        .shared();
    assert_eq!(failed.result().unwrap_err().to_string(), "no luck");
    assert_eq!(failed.clone().exception().unwrap().to_string(), "no luck");
}

#[test]
fn readers_on_many_threads_all_get_it() {
    ends(|| {
        for _ in 0..50 {
            let (promise, future) = Promise::new();
            let shared = future.shared();
            let readers: Vec<_> = (0..8)
                .map(|n| {
                    let shared = shared.clone();
                    thread::spawn(move || match n % 4 {
                        0 => shared.result().unwrap(),
                        1 => shared.result_timeout(LONG).unwrap().unwrap(),
                        2 => {
                            shared.wait();
                            shared.peek(|it| it.cloned().unwrap()).unwrap()
                        }
                        _ => {
                            assert!(shared.exception().is_none());
                            shared.result().unwrap()
                        }
                    })
                })
                .collect();
            promise.set_result(String::from("seven")).unwrap();
            assert!(readers.into_iter().all(|it| it.join().unwrap() == "seven"));
        }
    });
}

#[test]
fn a_pending_one_times_out_and_can_be_asked_again() {
    let (promise, future) = Promise::new();
    let shared = future.shared();
    assert!(!shared.done() && !shared.wait_timeout(Duration::ZERO));
    let timed_out: TimedOut = shared.result_timeout(Duration::from_millis(1)).unwrap_err();
    assert_eq!(timed_out.to_string(), "timed out");
    assert!(shared.peek(|_| ()).is_none());
    promise.set_result(7).unwrap();
    assert!(shared.done() && shared.wait_timeout(Duration::ZERO));
    assert_eq!(shared.result_timeout(Duration::ZERO).unwrap().unwrap(), 7);
}

#[test]
fn a_cancel_through_any_handle_is_seen_by_all() {
    let (task, future) = queued(|| 7);
    let shared = future.shared();
    let clone = shared.clone();
    assert!(clone.cancel());
    assert!(shared.cancelled() && shared.done() && !task.is_pending());
    assert!(matches!(shared.result(), Err(Error::Cancelled)));
    assert!(shared.cancel() && shared.canceller().cancelled());
}

#[test]
fn a_running_one_is_asked_to_stop_through_any_handle() {
    ends(|| {
        let (runs, goes_on) = (Gate::new(), Gate::new());
        let (it_runs, it_goes_on) = (runs.clone(), goes_on.clone());
        let shared = OnThreads
            .spawn(fallible(move || {
                it_runs.open();
                it_goes_on.pass();
                checkpoint().map(|()| 7)
            }))
            .shared();
        runs.pass();
        assert!(shared.running() && !shared.cancel());
        assert!(shared.clone().request_cancel());
        goes_on.open();
        assert!(matches!(shared.result(), Err(Error::Cancelled)));
        assert!(shared.cancelled());
    });
}

#[test]
fn callbacks_on_any_handle_are_called_once_each() {
    let (promise, future) = Promise::new();
    let shared = future.shared();
    let sum = Arc::new(AtomicUsize::new(0));
    let add = |shared: &SharedFuture<usize>| {
        let sum = Arc::clone(&sum);
        shared.add_done_callback(move |done| {
            sum.fetch_add(*done.result().unwrap(), Ordering::Relaxed);
        });
    };
    add(&shared);
    add(&shared.clone());
    assert_eq!(sum.load(Ordering::Relaxed), 0);
    promise.set_result(7).unwrap();
    assert_eq!(sum.load(Ordering::Relaxed), 14);
    add(&shared);
    assert_eq!(sum.load(Ordering::Relaxed), 21);
}

#[test]
fn a_callback_sees_a_cancel_and_a_failure() {
    let (_promise, future) = Promise::<u32>::new();
    let shared = future.shared();
    let n_calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&n_calls);
    shared.add_done_callback(move |done| {
        assert!(done.cancelled() && matches!(done.exception(), Some(Error::Cancelled)));
        counter.fetch_add(1, Ordering::Relaxed);
    });
    assert!(shared.cancel());
    let counter = Arc::clone(&n_calls);
    let failed = InlineExecutor
        .spawn(|| -> u32 { panic!("no luck") })
        .shared();
    failed.add_done_callback(move |done| {
        assert!(!done.cancelled() && matches!(done.exception(), Some(Error::Panicked(_))));
        counter.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(n_calls.load(Ordering::Relaxed), 2);
}

#[test]
fn a_callback_may_read_the_future_it_is_on() {
    ends(|| {
        let (promise, future) = Promise::new();
        let shared = future.shared();
        let (clone, n_calls) = (shared.clone(), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&n_calls);
        shared.add_done_callback(move |_| {
            counter.fetch_add(clone.result().unwrap(), Ordering::Relaxed);
        });
        promise.set_result(7).unwrap();
        assert_eq!(n_calls.load(Ordering::Relaxed), 7);
    });
}

#[test]
fn a_gathering_that_failed_by_a_cancelled_member_was_not_cancelled_itself() {
    let (_promise, pending) = Promise::<u32>::new();
    assert!(pending.cancel());
    let shared = gather([pending]).shared();
    assert!(shared.done() && !shared.cancelled());
    let n_calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&n_calls);
    shared.add_done_callback(move |done| {
        counter.fetch_add(1 + usize::from(done.cancelled()), Ordering::Relaxed);
    });
    assert_eq!(n_calls.load(Ordering::Relaxed), 1);
    let (_promise, pending) = Promise::new();
    let sets = wait([shared, pending.shared()], ReturnWhen::FirstException);
    assert_eq!(sets.done.len(), 1);
}

#[test]
fn handles_on_the_same_future_are_equal() {
    let (a, b) = (
        InlineExecutor.spawn(|| 7).shared(),
        InlineExecutor.spawn(|| 7).shared(),
    );
    assert_eq!(a, a.clone());
    assert_ne!(a, b);
    #[expect(
        clippy::mutable_key_type,
        reason = "equality and hash are those of the handle, not of what is behind it"
    )]
    let distinct: HashSet<_> = [a.clone(), b, a].into_iter().collect();
    assert_eq!(distinct.len(), 2);
}

#[test]
fn the_value_goes_when_the_last_handle_does() {
    let token = Arc::new(());
    let held = Arc::clone(&token);
    let shared = InlineExecutor.spawn(move || held).shared();
    let clone = shared.clone();
    drop(shared);
    assert_eq!(Arc::strong_count(&token), 2);
    drop(clone);
    assert_eq!(Arc::strong_count(&token), 1);
}

#[test]
fn dropping_all_handles_detaches_the_task() {
    let token = Arc::new(());
    let held = Arc::clone(&token);
    let (promise, future) = Promise::new();
    drop(future.shared());
    assert!(!promise.is_cancelled());
    promise.set_result(held).unwrap();
    assert_eq!(Arc::strong_count(&token), 1);
}

#[test]
fn it_shows_its_state_and_never_its_value() {
    let (promise, future) = Promise::new();
    let shared = future.shared();
    assert_eq!(format!("{shared:?}"), "<SharedFuture pending>");
    promise.set_result(7_u32).unwrap();
    assert!(!format!("{shared:?}").contains('7'));
}

#[test]
fn a_cancel_that_races_with_the_end_shows_all_readers_the_same() {
    ends(|| {
        for _ in 0..300 {
            let (promise, future) = Promise::new();
            let shared = future.shared();
            let (killer, reader) = (shared.clone(), shared.clone());
            let killer = thread::spawn(move || killer.cancel());
            let reader = thread::spawn(move || reader.result().is_ok());
            let kept = promise.set_result(7).is_ok();
            assert_eq!(shared.result().is_ok(), kept);
            assert_eq!(reader.join().unwrap(), kept);
            assert_eq!(killer.join().unwrap(), !kept);
        }
    });
}
