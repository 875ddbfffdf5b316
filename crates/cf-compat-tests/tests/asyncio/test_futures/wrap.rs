//! A blocking future made awaitable.

use std::thread;

use aio_bridge::{AioFuture, Task, create_task, future, wrap_future};
use cf_core::{ClosureExecutor, Promise};
use cf_pool::ThreadPoolExecutor;

use crate::clock::{on_loop, one_thread, paused, turn};

// CPython: test_futures.py BaseFutureTests.test_wrap_future
// B11, B12, M14
#[test]
fn a_wrapped_call_gives_its_value_from_another_thread() {
    on_loop(async {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let arg = "oi";
        let wrap = wrap_future(pool.spawn(move || (arg, thread::current().id())));
        let (res, id) = wrap.await.unwrap();
        assert_eq!(res, arg);
        assert_ne!(id, thread::current().id());
    });
}

// CPython: test_futures.py BaseFutureTests.test_wrap_future_future
// B12
#[test]
fn what_is_awaitable_already_is_given_back_unchanged() {
    paused(async {
        let (promise, future) = future();
        let wrap: AioFuture<u32> = wrap_future(future);
        promise.set_result(7).unwrap();
        assert_eq!(wrap.await.unwrap(), 7);

        let task = create_task(async { 8 });
        let id = task.id();
        let wrap: Task<u32> = wrap_future(task);
        assert_eq!((wrap.id(), wrap.await.unwrap()), (id, 8));
    });
}

// CPython: test_futures.py BaseFutureTests.test_wrap_future_without_loop
// CPython: test_futures.py BaseFutureTests.test_wrap_future_use_running_loop
// B13
// Differs: no loop is needed, and the wrap belongs to none.
#[test]
fn a_future_is_wrapped_without_a_loop_and_awaited_on_any() {
    let (promise, blocking) = Promise::new();
    let wrap = wrap_future(blocking);
    promise.set_result(7).unwrap();
    assert_eq!(one_thread().block_on(wrap).unwrap(), 7);

    let (promise, blocking) = Promise::new();
    let (wrap,) = one_thread().block_on(async { (wrap_future(blocking),) });
    promise.set_result(8).unwrap();
    assert_eq!(one_thread().block_on(wrap).unwrap(), 8);
}

// CPython: test_futures.py BaseFutureTests.test_wrap_future_cancel
// B15
// Differs: the source is cancelled at once, and not one pass of the loop later.
#[test]
fn cancelling_the_wrap_cancels_its_source() {
    let (promise, blocking) = Promise::<u32>::new();
    let source = blocking.canceller();
    let wrap = wrap_future(blocking);
    assert!(wrap.cancel());
    assert!(wrap.cancelled() && source.cancelled() && promise.is_cancelled());
}

// CPython: test_futures.py BaseFutureTests.test_wrap_future_cancel2
// B14, B17
// Differs: the wrap is done as soon as its source is, so a cancel that comes then is refused.
#[test]
fn a_wrap_whose_source_was_set_first_is_not_cancelled() {
    paused(async {
        let (promise, blocking) = Promise::new();
        let wrap = wrap_future(blocking);
        promise.set_result(42).unwrap();
        assert!(!wrap.cancel());
        turn().await;
        assert!(!wrap.cancelled());
        assert_eq!(wrap.await.unwrap(), 42);
    });
}

// CPython: test_futures.py BaseFutureTests.test_wrap_future_cancel2
// B17
#[test]
fn a_wrap_that_was_cancelled_first_stays_so_and_a_source_that_runs_keeps_its_value() {
    let (promise, blocking) = Promise::new();
    assert!(promise.set_running_or_notify_cancel());
    let source = blocking.shared();
    let wrap = wrap_future(source.clone());
    assert!(wrap.cancel());
    promise.set_result(42).unwrap();
    assert!(wrap.cancelled());
    assert_eq!(source.result().unwrap(), 42);
}
