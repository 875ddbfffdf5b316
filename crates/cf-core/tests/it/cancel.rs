//! Cancelling: what it answers in each state, whom it wakes, and what it drops.

use std::{
    collections::HashMap,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

use cf_core::{
    Canceller, Error, Executor, Future, InlineExecutor, Promise, ReturnWhen, as_completed, wait,
};

use crate::callback::reports_of;

fn pending() -> (Promise<u32>, Future<u32>) {
    Promise::new()
}

// F02, F05: test_cancel, test_done_callback_with_cancel
#[test]
fn cancel_of_a_pending_future_runs_its_callbacks_here_before_it_returns() {
    let (promise, future) = pending();
    let (sender, receiver) = mpsc::channel();
    future.add_done_callback(move |done| {
        sender
            .send((thread::current().id(), done.cancelled()))
            .unwrap();
    });
    assert!(future.cancel());
    assert_eq!(receiver.try_recv(), Ok((thread::current().id(), true)));
    assert!(future.cancelled() && promise.is_cancelled());
}

// F02, F12: test_result_with_cancel; a thread that blocked before the cancel, and one in `exception`.
#[test]
fn cancel_wakes_all_who_wait() {
    let (_promise, future) = pending();
    let canceller = future.canceller();
    let all_here = Arc::new(Barrier::new(3));
    let (_other_promise, other) = pending();
    let other = Arc::new(other);
    let (here, there) = (Arc::clone(&all_here), Arc::clone(&all_here));
    let in_result = thread::spawn(move || {
        here.wait();
        future.result()
    });
    let watched = Arc::clone(&other);
    let in_exception = thread::spawn(move || {
        there.wait();
        watched.exception()
    });
    all_here.wait();
    assert!(canceller.cancel() && other.cancel());
    assert!(matches!(in_result.join().unwrap(), Err(Error::Cancelled)));
    assert!(matches!(
        in_exception.join().unwrap(),
        Some(Error::Cancelled)
    ));
}

// F03: test_cancel
#[test]
fn cancel_after_start_is_refused() {
    let (promise, future) = pending();
    assert!(promise.set_running_or_notify_cancel());
    assert!(!future.cancel() && !future.canceller().cancel());
    assert!(future.running() && !future.cancelled());
    promise.set_result(7).unwrap();
    assert_eq!(future.result().unwrap(), 7);
}

// F04: test_cancel
#[test]
fn cancel_after_the_end_is_refused_and_changes_nothing() {
    let future = InlineExecutor::new().submit(|| 7);
    assert!(!future.cancel() && !future.request_cancel() && !future.cancelled());
    assert_eq!(future.result().unwrap(), 7);

    let (promise, future) = pending();
    promise.set_exception("disk").unwrap();
    assert!(!future.cancel() && !future.request_cancel() && !future.cancelled());
    assert_eq!(future.result().unwrap_err().to_string(), "disk");

    let (promise, future) = pending();
    drop(promise);
    assert!(!future.cancel() && !future.cancelled());
    assert!(matches!(future.result(), Err(Error::BrokenPromise)));
}

// F05
#[test]
fn cancel_of_a_cancelled_future_is_true_again_and_calls_nobody_twice() {
    let (promise, future) = pending();
    let n_calls = Arc::new(AtomicU32::new(0));
    let calls = Arc::clone(&n_calls);
    future.add_done_callback(move |_| {
        calls.fetch_add(1, Ordering::Relaxed);
    });
    let canceller = future.canceller();
    assert!(future.cancel() && future.cancel() && canceller.cancel());
    assert!(!promise.set_running_or_notify_cancel());
    assert!(future.cancel() && future.request_cancel());
    assert_eq!(n_calls.load(Ordering::Relaxed), 1);
}

// F05
#[test]
fn of_many_cancels_at_once_all_are_true() {
    let (_promise, future) = pending();
    let n_calls = Arc::new(AtomicU32::new(0));
    let calls = Arc::clone(&n_calls);
    future.add_done_callback(move |_| {
        calls.fetch_add(1, Ordering::Relaxed);
    });
    let all_here = Arc::new(Barrier::new(4));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (canceller, here) = (future.canceller(), Arc::clone(&all_here));
            thread::spawn(move || {
                here.wait();
                canceller.cancel()
            })
        })
        .collect();
    for thread in threads {
        assert!(thread.join().unwrap());
    }
    assert_eq!(n_calls.load(Ordering::Relaxed), 1);
}

// F12: in a thread that comes after the cancel.
#[test]
fn a_cancelled_future_says_so_to_all_who_ask() {
    let (_promise, future) = pending();
    assert!(future.cancel());
    future.wait();
    assert!(future.canceller().cancelled() && future.canceller().done());
    assert!(future.peek(|outcome| outcome.is_err()).unwrap());
    assert!(matches!(future.result(), Err(Error::Cancelled)));
}

// F32: test_first_completed and test_first_exception_some_already_complete pin the opposite.
#[test]
fn a_cancel_alone_ends_wait_and_as_completed() {
    let (promise, future) = pending();
    let canceller = future.canceller();
    let both_here = Arc::new(Barrier::new(2));
    let here = Arc::clone(&both_here);
    let waiter = thread::spawn(move || {
        here.wait();
        wait([future], ReturnWhen::FirstCompleted).done.len()
    });
    both_here.wait();
    assert!(canceller.cancel());
    assert_eq!(waiter.join().unwrap(), 1);
    drop(promise);

    let (_promise, future) = pending();
    assert!(future.cancel());
    assert!(as_completed([future]).next().unwrap().cancelled());
}

// F27: a cancel and a value race; whoever loses learns it.
#[test]
fn of_a_cancel_and_a_value_one_wins() {
    for _ in 0..200 {
        let (promise, future) = pending();
        let canceller = future.canceller();
        let both_here = Arc::new(Barrier::new(2));
        let here = Arc::clone(&both_here);
        let writer = thread::spawn(move || {
            here.wait();
            promise.set_result(7)
        });
        both_here.wait();
        let is_cancelled = canceller.cancel();
        let was_set = writer.join().unwrap().is_ok();
        assert_ne!(is_cancelled, was_set);
        match future.result() {
            Ok(value) => assert!(was_set && value == 7),
            Err(error) => assert!(is_cancelled && matches!(error, Error::Cancelled)),
        }
    }
}

#[test]
fn request_cancel_of_a_running_future_is_accepted_and_ends_nothing() {
    let (promise, future) = pending();
    assert!(promise.set_running_or_notify_cancel());
    assert!(future.request_cancel() && future.canceller().request_cancel());
    assert!(future.running() && !future.cancelled());
    promise.set_result(7).unwrap();
    assert_eq!(future.result().unwrap(), 7);
}

#[test]
fn request_cancel_of_a_pending_future_cancels_it() {
    let (_promise, future) = pending();
    assert!(future.request_cancel());
    assert!(future.cancelled());
}

#[test]
fn a_canceller_outlives_its_future() {
    let (promise, future) = pending();
    let canceller = future.canceller();
    drop(future);
    assert!(!canceller.done());
    assert!(canceller.clone().cancel() && canceller.done());
    assert!(promise.set_result(7).is_err());
}

#[test]
fn a_canceller_keeps_no_value_from_being_taken() {
    let (promise, future) = pending();
    let canceller: Canceller = future.canceller();
    promise.set_result(7).unwrap();
    assert!(!canceller.cancel() && canceller.done() && !canceller.cancelled());
    assert_eq!(future.result().unwrap(), 7);
}

#[test]
fn cancellers_can_be_kept_by_name() {
    let (_promise, future) = pending();
    let by_name = HashMap::from([("it", future.canceller())]);
    assert!(by_name["it"].cancel());
    assert!(future.cancelled());
}

#[test]
fn a_callback_that_panics_does_not_keep_a_cancel_from_waking() {
    let (_promise, future) = pending();
    let reports = reports_of(|| {
        future.add_done_callback(|_| panic!("doh"));
        assert!(future.cancel());
    });
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(matches!(future.result(), Err(Error::Cancelled)));
}
