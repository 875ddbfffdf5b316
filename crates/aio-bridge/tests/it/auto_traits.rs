//! Which threads the handles may go to, what they may be caught in, and how large they are.

use std::{
    cell::Cell,
    error::Error as StdError,
    future::{Future, Pending, Ready},
    panic::{RefUnwindSafe, UnwindSafe},
    time::Duration,
};

use aio_bridge::{
    AioCanceller, AioFuture, AioPromise, AsCompleted, AsCompletedTimeout, CallbackId, Cancelled,
    Close, Deadline, DoneAndNotDone, Error, Fallible, Gather, GatherAll, GroupError, Guarded,
    ReturnWhen, Runner, Scope, SharedAioFuture, Shield, Task, TaskCanceller, TaskGroup, TimedOut,
    Timeout, future, run_in_executor, shutdown_default_executor, submit, wait, wait_for,
    wait_timeout,
};
use cf_core::InlineExecutor;
use cf_pool::ThreadPoolExecutor;

fn is_send_and_sync<T: Send + Sync + Unpin>() {}

fn is_send<T: Send>(_: &T) {}

fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

fn is_static_error<T: StdError + Send + Sync + 'static>() {}

/// A value that may be sent but not shared.
type OnlySend = Cell<u32>;

#[test]
fn futures_go_to_any_thread_and_may_be_shared_by_threads() {
    is_send_and_sync::<AioFuture<OnlySend>>();
    is_send_and_sync::<AioPromise<OnlySend>>();
    is_send_and_sync::<SharedAioFuture<u32>>();
    is_send_and_sync::<Task<OnlySend>>();
    is_send_and_sync::<Shield<OnlySend>>();
}

/// A coroutine that holds a handle of a borrowed type across an await: the compiler forgets which lifetime it has there.
async fn holds<H>(handle: H) {
    std::future::ready(()).await;
    drop(handle);
}

#[test]
fn a_coroutine_that_holds_a_handle_of_a_static_borrow_goes_to_any_thread() {
    async fn promise(promise: AioPromise<&'static str>) {
        holds(promise).await;
    }
    async fn blocking(
        promise: cf_core::Promise<&'static str>,
        future: cf_core::Future<&'static str>,
    ) {
        holds((promise, future)).await;
    }
    async fn awaitable(future: AioFuture<&'static str>, shared: SharedAioFuture<&'static str>) {
        holds((future, shared)).await;
    }
    async fn task(task: Task<&'static str>) {
        holds(task).await;
    }

    fn sends<A, F: Future + Send>(_: fn(A) -> F) {}
    fn sends_two<A, B, F: Future + Send>(_: fn(A, B) -> F) {}

    sends(promise);
    sends(task);
    sends_two(blocking);
    sends_two(awaitable);
}

#[test]
fn handles_that_cancel_go_to_any_thread() {
    is_send_and_sync::<AioCanceller>();
    is_send_and_sync::<TaskCanceller>();
    is_send_and_sync::<CallbackId>();
    is_send_and_sync::<Cancelled>();
    is_send_and_sync::<Deadline>();
    is_send_and_sync::<TaskGroup>();
}

#[test]
fn what_waits_for_many_goes_to_any_thread() {
    is_send_and_sync::<Gather<u32>>();
    is_send_and_sync::<GatherAll<u32>>();
    is_send_and_sync::<AsCompleted<AioFuture<OnlySend>>>();
    is_send_and_sync::<AsCompletedTimeout<Task<OnlySend>>>();
    is_send_and_sync::<DoneAndNotDone<AioFuture<OnlySend>>>();
    is_send_and_sync::<ReturnWhen>();
}

#[test]
fn what_is_made_of_a_coroutine_is_as_the_coroutine_is() {
    fn goes_anywhere<T: Send + Sync>() {}

    goes_anywhere::<Guarded<Pending<u32>>>();
    goes_anywhere::<Fallible<Pending<Result<u32, Error>>>>();
    goes_anywhere::<Timeout<Pending<u32>>>();
    goes_anywhere::<Scope<Ready<Result<u32, Error>>>>();
}

#[test]
fn a_gather_of_values_that_cannot_be_shared_still_goes_to_another_thread() {
    fn goes<T: Send + Unpin>() {}

    goes::<Gather<OnlySend>>();
    goes::<GatherAll<OnlySend>>();
}

#[test]
fn a_runner_goes_to_another_thread() {
    fn goes<T: Send>() {}

    goes::<Runner>();
}

#[test]
fn the_futures_of_async_functions_go_to_any_thread() {
    let executor = InlineExecutor::new();
    let futures = || [(); 2].map(|()| run_in_executor(&executor, || OnlySend::new(7)));
    is_send(&submit(&executor, || OnlySend::new(7)));
    is_send(&wait(futures(), ReturnWhen::AllCompleted));
    is_send(&wait_timeout(
        futures(),
        Duration::ZERO,
        ReturnWhen::AllCompleted,
    ));
    is_send(&wait_for(future::<u32>().1, Duration::ZERO));
    is_send(&future::<OnlySend>().1.cancel_and_wait());
    is_send(&future::<OnlySend>().0.cancelled());
    // time: nobody awaits it, only its type is looked at
    is_send(&aio_bridge::sleep(Duration::ZERO));
    is_send(&shutdown_default_executor(None));
    is_send(&ThreadPoolExecutor::new(1).unwrap().close());
}

#[test]
fn handles_may_be_used_after_a_caught_panic() {
    is_unwind_safe::<AioFuture<OnlySend>>();
    is_unwind_safe::<AioPromise<OnlySend>>();
    is_unwind_safe::<SharedAioFuture<u32>>();
    is_unwind_safe::<Task<OnlySend>>();
    is_unwind_safe::<AioCanceller>();
    is_unwind_safe::<TaskCanceller>();
    is_unwind_safe::<CallbackId>();
    is_unwind_safe::<TaskGroup>();
    is_unwind_safe::<Deadline>();
}

#[test]
fn all_errors_are_errors() {
    is_static_error::<Error>();
    is_static_error::<GroupError>();
    is_static_error::<TimedOut>();
}

#[test]
fn the_value_of_an_awaitable_need_not_be_shareable_between_threads() {
    fn is_awaited<T>(_: &impl Future<Output = Result<T, Error>>) {}

    is_awaited(&future::<OnlySend>().1);
}

#[test]
fn a_future_is_eight_words_large_at_most_whatever_its_value() {
    let n_words = |size: usize| size.div_ceil(size_of::<usize>());
    assert!(n_words(size_of::<AioFuture<u8>>()) <= 8);
    assert_eq!(
        size_of::<AioFuture<u8>>(),
        size_of::<AioFuture<[u64; 100]>>()
    );
    assert_eq!(
        size_of::<SharedAioFuture<u8>>(),
        size_of::<SharedAioFuture<[u64; 100]>>()
    );
    assert_eq!(size_of::<AioPromise<[u64; 100]>>(), size_of::<usize>());
    assert_eq!(size_of::<TaskCanceller>(), size_of::<usize>());
    assert_eq!(size_of::<AioCanceller>(), 2 * size_of::<usize>());
}
