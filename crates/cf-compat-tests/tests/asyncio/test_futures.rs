//! test_asyncio/test_futures.py: the future by itself; its callbacks, unseen failures and wraps are below.

mod callbacks;
mod unseen;
mod wrap;

use std::task::Poll;

use aio_bridge::{
    AioFuture, AioPromise, Error, create_task, future, gather, isfuture, shield, wrap_future,
};
use cf_core::Promise;

use crate::clock::{on_loop, one_thread, paused, poll_once, turn};

/// A failure of one's own.
#[derive(Debug, PartialEq, Eq)]
struct NoInk;

impl std::fmt::Display for NoInk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no ink")
    }
}

impl std::error::Error for NoInk {}

fn failed() -> AioFuture<u32> {
    let (promise, future) = future();
    promise.set_exception(NoInk).unwrap();
    future
}

// CPython: test_futures.py BaseFutureTests.test_initial_state
// AF01
#[test]
fn a_new_future_is_neither_done_nor_cancelled() {
    let (_promise, future) = future::<u32>();
    assert!(!future.cancelled());
    assert!(!future.done());
    future.cancel();
    assert!(future.cancelled());
}

// CPython: test_futures.py BaseFutureTests.test_isfuture
// AF22, M02
// Differs: it goes by the type when compiling, so an object with the right attribute does not pass for a future.
#[test]
fn futures_and_tasks_are_futures_and_nothing_else_is() {
    on_loop(async {
        let (promise, future) = future::<u32>();
        let task = create_task(async { 7 });
        assert!(isfuture!(future) && isfuture!(&future) && isfuture!(task));
        assert!(isfuture!(gather([task])) && isfuture!(shield(async {})));
        assert!(!isfuture!(promise));
        assert!(isfuture!(future.shared()));
        let (_promise, blocking) = Promise::<u32>::new();
        assert!(!isfuture!(blocking) && !isfuture!(async { 7 }));
        assert!(!isfuture!(u32::max) && !isfuture!(7) && !isfuture!("future"));
    });
}

// CPython: test_futures.py BaseFutureTests.test_constructor_without_loop
// AF18
// Differs: no loop is needed, because a future belongs to none.
#[test]
fn a_future_is_made_where_no_loop_runs() {
    let (promise, mut future) = future();
    assert!(poll_once(&mut future).is_pending());
    promise.set_result(7).unwrap();
    assert!(matches!(poll_once(&mut future), Poll::Ready(Ok(7))));
}

// CPython: test_futures.py BaseFutureTests.test_constructor_use_running_loop
// CPython: test_tasks.py BaseTaskTests.test_other_loop_future
// AF18, AF23
// Differs: it does not belong to the loop in which it was made, and any other may await it.
#[test]
fn a_future_that_was_made_in_one_loop_is_awaited_in_another() {
    let (promise, future) = one_thread().block_on(async { future() });
    let told = one_thread().block_on(async {
        let task = create_task(future);
        turn().await;
        promise.set_result("set by the other").unwrap();
        task.await
    });
    assert_eq!(told.unwrap().unwrap(), "set by the other");
}

// CPython: test_futures.py BaseFutureTests.test_cancel
// AF03, AF05, AF06, AT05
#[test]
fn a_cancelled_future_says_so_to_whoever_asks() {
    let (promise, mut future) = future::<u32>();
    assert!(future.cancel());
    assert!(future.cancelled() && future.done());
    assert!(matches!(future.result(), Err(Error::Cancelled)));
    assert!(matches!(future.exception(), Err(Error::Cancelled)));
    assert!(matches!(
        poll_once(&mut future),
        Poll::Ready(Err(Error::Cancelled))
    ));
    assert_eq!(promise.set_result(7).unwrap_err().into_inner(), 7);
    assert!(!future.cancel());
}

// CPython: test_futures.py BaseFutureTests.test_cancel
// AF06
#[test]
fn a_cancelled_future_takes_no_exception_either() {
    let (promise, future) = future::<u32>();
    assert!(future.cancel());
    let refused = promise.set_exception(NoInk).unwrap_err().into_inner();
    assert_eq!(refused.downcast_ref(), Some(&NoInk));
    assert!(future.cancelled());
}

// CPython: test_futures.py BaseFutureTests.test_result
// AF02, AF06
// Differs: the value is given once, and a second does not compile (crates/aio-bridge/tests/compile_fail/set_result_twice.rs).
#[test]
fn the_result_is_there_once_it_was_set() {
    let (promise, mut future) = future();
    assert!(matches!(future.result(), Err(Error::InvalidState)));
    promise.set_result(42).unwrap();
    assert!(future.done() && !future.cancelled());
    assert!(matches!(future.exception(), Ok(None)));
    assert!(!future.cancel());
    assert_eq!(future.result().unwrap(), 42);
}

// CPython: test_futures.py BaseFutureTests.test_exception
// AF02, AF06
// Differs: a second outcome does not compile (crates/cf-core/tests/compile_fail/set_exception_after_result.rs).
#[test]
fn the_exception_is_there_once_it_was_set() {
    let (promise, mut future) = future::<u32>();
    assert!(matches!(future.exception(), Err(Error::InvalidState)));
    promise.set_exception(NoInk).unwrap();
    assert!(future.done() && !future.cancelled() && !future.cancel());
    for _ in 0..2 {
        let exception = future.exception().unwrap().unwrap();
        assert_eq!(exception.downcast_ref(), Some(&NoInk));
    }
    assert_eq!(future.result().unwrap_err().downcast_ref(), Some(&NoInk));
}

// CPython: test_futures.py BaseFutureTests.test_yield_from_twice
// AF15
// Differs: to be awaited twice a future is made `shared` first.
#[test]
fn the_second_await_of_a_future_does_not_suspend() {
    let (promise, future) = future();
    let shared = future.shared();
    let notes = crate::notes::Notes::new();
    let inside = notes.clone();
    let mut coroutine = Box::pin(async move {
        inside.note("before");
        let first = shared.clone().await.unwrap();
        inside.note("between");
        (first, shared.await.unwrap())
    });
    assert!(poll_once(&mut coroutine).is_pending());
    assert_eq!(notes.take(), ["before"]);
    promise.set_result(42).unwrap();
    assert!(matches!(poll_once(&mut coroutine), Poll::Ready((42, 42))));
    assert_eq!(notes.take(), ["between"]);
}

/// Ends a future in some way.
type End = fn(AioPromise<u32>, &AioFuture<u32>);

// CPython: test_futures.py BaseFutureTests.test_future_repr
// AF24
// Differs: the text has the type of the value and the kind of the error, and no callbacks.
#[test]
fn the_debug_text_names_the_state() {
    let ends: [(End, &str); 4] = [
        (|_, _| (), "failed: error"),
        (|promise, _| promise.set_result(4).unwrap(), "finished: u32"),
        (
            |promise, _| promise.set_exception(NoInk).unwrap(),
            "failed: exception",
        ),
        (|_, future| assert!(future.cancel()), "cancelled"),
    ];
    for (end, state) in ends {
        let (promise, mut future) = future();
        assert_eq!(format!("{future:?}"), "<AioFuture pending>");
        end(promise, &future);
        assert_eq!(format!("{future:?}"), format!("<AioFuture {state}>"));
        drop(future.result());
    }
}

// CPython: test_futures.py BaseFutureTests.test_copy_state
// AF25, B22
// Differs: nothing is copied or converted, because a wrap is the same future with another face.
#[test]
fn the_wrap_ends_as_its_source_does() {
    let (promise, blocking) = Promise::new();
    let mut wrap = wrap_future(blocking);
    promise.set_result(10).unwrap();
    assert!(wrap.done() && !wrap.cancelled());
    assert_eq!(wrap.result().unwrap(), 10);

    let (promise, blocking) = Promise::<u32>::new();
    let mut wrap = wrap_future(blocking);
    promise.set_exception(NoInk).unwrap();
    assert_eq!(wrap.result().unwrap_err().downcast_ref(), Some(&NoInk));

    let (promise, blocking) = Promise::<u32>::new();
    let mut wrap = wrap_future(blocking);
    promise.set_exception(Error::InvalidState).unwrap();
    assert!(matches!(wrap.exception(), Ok(Some(Error::InvalidState))));

    let (promise, blocking) = Promise::<u32>::new();
    let wrap = wrap_future(blocking);
    promise.set_cancelled();
    assert!(wrap.cancelled());
}

// CPython: test_futures.py BaseFutureTests.test_copy_state
// AF25, B22
#[test]
fn every_await_of_a_wrap_gives_the_same_exception() {
    paused(async {
        let (promise, blocking) = Promise::<u32>::new();
        let wrap = wrap_future(blocking.shared());
        promise.set_exception(NoInk).unwrap();
        let first = wrap.clone().await.unwrap_err();
        for _ in 0..3 {
            assert!(wrap.clone().await.unwrap_err().is_same(&first));
        }
    });
}

// CPython: test_futures.py BaseFutureTests.test_iter
// AF16
// Differs: a pending future may be polled at any time, and goes on pending.
#[test]
fn polling_a_pending_future_again_is_no_mistake() {
    let (promise, mut future) = future();
    for _ in 0..3 {
        assert!(poll_once(&mut future).is_pending());
    }
    promise.set_result(7).unwrap();
    assert!(matches!(poll_once(&mut future), Poll::Ready(Ok(7))));
}

// CPython: test_futures.py BaseFutureTests.test_set_result_unless_cancelled
// AF06
// Differs: there is no helper that ignores the refusal; setting gives the value back.
#[test]
fn a_result_that_comes_after_the_cancel_changes_nothing() {
    let (promise, future) = future();
    assert!(future.cancel());
    assert_eq!(promise.set_result(2).unwrap_err().into_inner(), 2);
    assert!(future.cancelled());
}

// CPython: test_futures.py BaseFutureTests.test_future_stop_iteration_args
// AF15
#[test]
fn a_tuple_comes_out_of_an_await_as_it_went_in() {
    paused(async {
        let (promise, future) = future();
        let task = create_task(async move { future.await.unwrap() });
        turn().await;
        promise.set_result((1, 2)).unwrap();
        assert_eq!(task.await.unwrap(), (1, 2));
    });
}
