//! The writing side: a promise is kept once, broken by a drop, and gives back what came too late.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    thread,
};

use cf_core::{BoxError, Error, Promise, Timeout};

// F28: test_multiple_set_result does so on its way.
#[test]
fn a_value_may_be_set_without_going_through_running() {
    let (promise, future) = Promise::new();
    assert!(!future.running());
    promise.set_result(7).unwrap();
    assert_eq!(future.result().unwrap(), 7);
}

// F31
#[test]
fn a_pending_future_is_set_running() {
    let (promise, future) = Promise::new();
    assert!(promise.set_running_or_notify_cancel());
    assert!(future.running());
    promise.set_result(7).unwrap();
    assert!(!future.running());
}

// F31
#[test]
fn a_cancelled_future_is_not_set_running() {
    let (promise, future) = Promise::<u32>::new();
    assert!(future.cancel());
    assert!(!promise.set_running_or_notify_cancel());
    assert!(!promise.set_running_or_notify_cancel());
    assert!(promise.is_cancelled() && !future.running());
}

// F31: where Python raises RuntimeError.
#[test]
fn a_running_future_is_set_running_again() {
    let (promise, future) = Promise::<u32>::new();
    assert!(promise.set_running_or_notify_cancel());
    assert!(promise.set_running_or_notify_cancel());
    assert!(future.running());
}

// F27
#[test]
fn a_value_that_comes_after_a_cancel_is_given_back() {
    let (promise, future) = Promise::new();
    assert!(future.cancel());
    let refused = promise.set_result(String::from("late")).unwrap_err();
    assert_eq!(refused.into_inner(), "late");
    assert!(matches!(future.result(), Err(Error::Cancelled)));
}

// F27
#[test]
fn an_error_that_comes_after_a_cancel_is_given_back() {
    let (promise, future) = Promise::<u32>::new();
    assert!(future.cancel());
    let refused = promise.set_exception(io::Error::other("late")).unwrap_err();
    let error = refused.into_inner();
    assert_eq!(
        error.downcast_ref::<io::Error>().unwrap().to_string(),
        "late"
    );
    assert!(matches!(future.result(), Err(Error::Cancelled)));
}

#[test]
fn a_promise_dropped_after_a_cancel_changes_nothing() {
    let (promise, future) = Promise::<u32>::new();
    assert!(future.cancel());
    drop(promise);
    assert!(matches!(future.result(), Err(Error::Cancelled)));
}

#[test]
fn a_promise_dropped_while_running_is_broken() {
    let (promise, future) = Promise::<u32>::new();
    assert!(promise.set_running_or_notify_cancel());
    drop(promise);
    assert!(matches!(future.result(), Err(Error::BrokenPromise)));
}

#[test]
fn a_promise_dropped_by_a_panic_is_broken() {
    let (promise, future) = Promise::<u32>::new();
    let writer = thread::spawn(move || {
        let _promise = promise;
        panic!("the writer dies");
    });
    assert!(matches!(future.result(), Err(Error::BrokenPromise)));
    writer.join().unwrap_err();
}

#[test]
fn any_kind_of_error_can_be_set() {
    let errors: [BoxError; 3] = [
        "text".into(),
        String::from("text").into(),
        Box::new(io::Error::other("text")),
    ];
    for error in errors {
        let (promise, future) = Promise::<u32>::new();
        promise.set_exception(error).unwrap();
        assert_eq!(future.result().unwrap_err().to_string(), "text");
    }
}

#[test]
fn an_error_of_ours_is_stored_as_itself() {
    let (promise, future) = Promise::<u32>::new();
    promise
        .set_exception(Error::TimedOut(Timeout::default()))
        .unwrap();
    assert!(matches!(future.result(), Err(Error::TimedOut(_))));

    let (promise, future) = Promise::<u32>::new();
    let boxed: BoxError = Box::new(Error::EventLoopBlocked);
    promise.set_exception(boxed).unwrap();
    assert!(matches!(future.result(), Err(Error::EventLoopBlocked)));
}

// F06: a failure that is a `Cancelled` was not a cancel, as in Python.
#[test]
fn an_error_named_cancelled_does_not_cancel() {
    let (promise, future) = Promise::<u32>::new();
    promise.set_exception(Error::Cancelled).unwrap();
    assert!(!future.cancelled() && !future.cancel());
    assert!(matches!(future.result(), Err(Error::Cancelled)));
}

// F06: the same, asked by a callback.
#[test]
fn an_error_named_cancelled_does_not_look_cancelled_to_a_callback() {
    let (promise, future) = Promise::<u32>::new();
    let future = Arc::new(future);
    let own = Arc::clone(&future);
    let (sender, receiver) = std::sync::mpsc::channel();
    future.add_done_callback(move |done| {
        sender
            .send((done.cancelled(), own.cancelled(), own.cancel()))
            .unwrap();
    });
    promise.set_exception(Error::Cancelled).unwrap();
    assert_eq!(receiver.try_recv(), Ok((false, false, false)));
}

#[test]
fn a_promise_is_kept_from_another_thread() {
    let (promise, future) = Promise::new();
    let writer = thread::spawn(move || promise.set_result(7).unwrap());
    assert_eq!(future.result().unwrap(), 7);
    writer.join().unwrap();
}

#[test]
fn a_value_for_nobody_is_dropped_by_its_writer() {
    let value = Arc::new(7);
    let (promise, future) = Promise::new();
    drop(future);
    promise.set_result(Arc::clone(&value)).unwrap();
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn a_value_that_panics_when_dropped_has_been_seen_before() {
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    let (promise, future) = Promise::new();
    let canceller = future.canceller();
    let (sender, receiver) = std::sync::mpsc::channel();
    future.add_done_callback(move |done| sender.send(done.result().is_ok()).unwrap());
    drop(future);
    promise.set_result(Bomb).unwrap();
    assert!(receiver.try_recv().unwrap() && canceller.done());
    // The last handle drops the value, on the thread of its owner, who sees the panic as with any value.
    let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(canceller)));
    assert!(dropped.is_err());
}
