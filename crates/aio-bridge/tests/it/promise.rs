//! `AioPromise`: who may set it, what it gives back, and how it learns that nobody wants the value.

use std::{io, sync::Arc, task::Poll, thread};

use aio_bridge::{Error, future};
use cf_core::Timeout;

use crate::loops::{on_each_loop, on_one_thread, poll_once};

// AF06
#[test]
fn a_result_set_after_a_cancel_is_given_back() {
    let (promise, future) = future();
    assert!(future.cancel());
    let refused = promise.set_result("tea".to_owned()).unwrap_err();
    assert_eq!(refused.into_inner(), "tea");
    assert!(future.cancelled());
}

// AF06
#[test]
fn an_exception_set_after_a_cancel_is_given_back() {
    let (promise, mut future) = future::<u32>();
    assert!(future.cancel());
    let refused = promise.set_exception("no ink").unwrap_err();
    assert_eq!(refused.into_inner().to_string(), "no ink");
    assert!(matches!(future.result(), Err(Error::Cancelled)));
}

#[test]
fn a_result_set_after_the_future_was_dropped_is_given_back() {
    let (promise, future) = future();
    drop(future);
    assert_eq!(promise.set_result(7).unwrap_err().into_inner(), 7);
}

// AF19
#[test]
fn it_is_set_from_any_thread() {
    on_each_loop(|| async {
        let (promise, future) = future();
        let thread = thread::spawn(move || promise.set_result(thread::current().id()).unwrap());
        let id = future.await.unwrap();
        assert_eq!(id, thread.thread().id());
        thread.join().unwrap();
    });
}

#[test]
fn it_is_set_from_another_task() {
    on_each_loop(|| async {
        let (promise, future) = future();
        let task = tokio::spawn(async move { promise.set_result(7).unwrap() });
        assert_eq!(future.await.unwrap(), 7);
        task.await.unwrap();
    });
}

// AF13: any value that is an error, never a class of them.
#[test]
fn an_exception_is_stored_with_its_type() {
    let (promise, mut future) = future::<u32>();
    promise.set_exception(io::Error::other("disk")).unwrap();
    let error = future.result().unwrap_err();
    assert_eq!(
        error.downcast_ref::<io::Error>().unwrap().to_string(),
        "disk"
    );
}

#[test]
fn an_error_of_the_library_is_stored_as_itself() {
    let (promise, mut future) = future::<u32>();
    promise
        .set_exception(Error::TimedOut(Timeout::default()))
        .unwrap();
    assert!(matches!(future.result(), Err(Error::TimedOut(_))));
}

// B23
#[test]
fn a_cancellation_that_is_set_as_exception_is_a_failure() {
    let (promise, mut future) = future::<u32>();
    promise.set_exception(Error::Cancelled).unwrap();
    assert!(future.done() && !future.cancelled());
    assert!(matches!(future.exception(), Ok(Some(Error::Cancelled))));
    assert!(matches!(future.result(), Err(Error::Cancelled)));
}

#[test]
fn dropped_unset_it_is_a_broken_promise() {
    on_each_loop(|| async {
        let (promise, future) = future::<u32>();
        let thread = thread::spawn(move || drop(promise));
        assert!(matches!(future.await, Err(Error::BrokenPromise)));
        thread.join().unwrap();
    });
}

#[test]
fn a_producer_that_panics_breaks_its_promise() {
    on_one_thread(async {
        let (promise, future) = future::<u32>();
        let task = tokio::spawn(async move {
            let _promise = promise;
            panic!("no ink");
        });
        assert!(matches!(future.await, Err(Error::BrokenPromise)));
        assert!(task.await.unwrap_err().is_panic());
    });
}

#[test]
fn dropped_after_a_cancel_it_changes_nothing() {
    let (promise, mut future) = future::<u32>();
    assert!(future.cancel());
    drop(promise);
    assert!(matches!(future.result(), Err(Error::Cancelled)));
}

#[test]
fn it_knows_of_a_cancel() {
    let (promise, future) = future::<u32>();
    assert!(!promise.is_cancelled());
    assert!(future.cancel());
    assert!(promise.is_cancelled());
}

#[test]
fn it_knows_of_a_drop_of_the_future() {
    let (promise, future) = future::<u32>();
    drop(future);
    assert!(promise.is_cancelled());
}

#[test]
fn it_knows_of_the_drop_of_the_last_shared_future_only() {
    let (promise, future) = future::<u32>();
    let one = future.shared();
    let other = one.clone();
    drop(one);
    assert!(!promise.is_cancelled());
    drop(other);
    assert!(promise.is_cancelled());
}

#[test]
fn a_detached_future_still_wants_the_value() {
    let (mut promise, future) = future();
    future.detach();
    assert!(!promise.is_cancelled());
    assert!(poll_once(&mut Box::pin(promise.cancelled())).is_pending());
    promise.set_result(7).unwrap();
}

#[test]
fn waiting_for_a_cancel_ends_with_the_cancel() {
    on_each_loop(|| async {
        let (mut promise, future) = future::<u32>();
        let task = tokio::spawn(async move {
            promise.cancelled().await;
            promise.is_cancelled()
        });
        tokio::task::yield_now().await;
        assert!(future.cancel());
        assert!(task.await.unwrap());
    });
}

#[test]
fn waiting_for_a_cancel_ends_with_the_drop_of_the_future() {
    on_each_loop(|| async {
        let (mut promise, future) = future::<u32>();
        let task = tokio::spawn(async move { promise.cancelled().await });
        tokio::task::yield_now().await;
        drop(future);
        task.await.unwrap();
    });
}

#[test]
fn a_wait_for_a_cancel_that_has_come_is_over_at_once() {
    let (mut promise, future) = future::<u32>();
    assert!(future.cancel());
    for _ in 0..2 {
        assert_eq!(
            poll_once(&mut Box::pin(promise.cancelled())),
            Poll::Ready(())
        );
    }
}

#[test]
fn a_wait_for_a_cancel_that_is_given_up_leaves_the_promise_to_be_set() {
    on_each_loop(|| async {
        let (mut promise, future) = future();
        tokio::select! {
            biased;
            () = promise.cancelled() => unreachable!("nobody cancels"),
            () = tokio::task::yield_now() => {}
        }
        promise.set_result(7).unwrap();
        assert_eq!(future.await.unwrap(), 7);
    });
}

#[test]
fn reader_and_producer_wait_at_the_same_time() {
    on_each_loop(|| async {
        let (mut promise, future) = future();
        let canceller = future.canceller();
        let reader = tokio::spawn(future);
        let producer = tokio::spawn(async move { promise.cancelled().await });
        tokio::task::yield_now().await;
        assert!(canceller.cancel());
        let outcome: Result<u32, Error> = reader.await.unwrap();
        assert!(matches!(outcome, Err(Error::Cancelled)));
        producer.await.unwrap();
    });
}

#[test]
fn a_refused_value_is_the_callers_to_drop() {
    let (promise, future) = future();
    assert!(future.cancel());
    let value = Arc::new(());
    let refused = promise.set_result(Arc::clone(&value));
    assert_eq!(Arc::strong_count(&value), 2);
    drop(refused);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn its_debug_text_tells_whether_it_is_cancelled() {
    let (promise, future) = future::<u32>();
    assert_eq!(
        format!("{promise:?}"),
        "AioPromise { cancelled: false, .. }"
    );
    drop(future);
    assert_eq!(format!("{promise:?}"), "AioPromise { cancelled: true, .. }");
}
