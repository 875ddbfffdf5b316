//! Work for an executor from inside a loop.

use std::{future::poll_fn, task::Poll};

use cf_core::{Callable, Executor, Reason};

use crate::{future::AioFuture, wrap::wrap_future};

/// Submits the callable to any executor, at the call, and gives a future to await.
///
/// Never blocks: a full queue's bound is passed ([`submit`] waits for room instead), and work that is refused gives a future
/// that has failed already. It runs even if nobody awaits, as long as the future is kept or [detached](AioFuture::detach).
/// Follows `loop.run_in_executor`.
///
/// # Errors
/// The future's: how the callable failed, or why the executor refused it.
///
/// # Cancellation
/// Cancelling or dropping the future cancels what has not started; what runs is asked to stop, which it does at its next
/// [`checkpoint`](cf_core::checkpoint), if it has one.
///
/// # Examples
/// ```
/// use aio_bridge::{run, run_in_executor};
/// use cf_pool::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::new(2)?;
/// let sum = run(async { run_in_executor(&pool, || (1..=1_000_u64).sum::<u64>()).await });
/// assert_eq!(sum.unwrap().unwrap(), 500_500);
/// # Ok::<_, cf_pool::BuildError>(())
/// ```
#[track_caller]
pub fn run_in_executor<E, C>(executor: &E, callable: C) -> AioFuture<C::Output>
where
    E: Executor<C> + ?Sized,
    C: Callable + 'static,
    C::Output: Send + 'static,
{
    wrap_future(executor.submit_now(callable))
}

/// Submits the callable as soon as the executor has room for it: backpressure for who produces work in a loop.
///
/// Awaited once it gives the work's future, which is awaited in turn.
///
/// # Errors
/// The future's: how the callable failed, or why the executor refused it.
///
/// # Cancellation
/// Dropped while it waits for room, nothing was submitted.
///
/// # Examples
/// ```
/// use aio_bridge::{run, submit};
/// use cf_pool::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::builder().max_workers(1).queue_capacity(2).build()?;
/// let sum = run(async {
///     let mut futures = Vec::new();
///     for n in 0..100_u64 {
///         futures.push(submit(&pool, move || n).await);
///     }
///     let mut sum = 0;
///     for future in futures {
///         sum += future.await.unwrap();
///     }
///     sum
/// });
/// assert_eq!(sum.unwrap(), 4_950);
/// # Ok::<_, cf_pool::BuildError>(())
/// ```
pub async fn submit<E, C>(executor: &E, mut callable: C) -> AioFuture<C::Output>
where
    E: Executor<C> + ?Sized,
    C: Callable + 'static,
    C::Output: Send + 'static,
{
    loop {
        match executor.try_submit(callable) {
            Ok(future) => return wrap_future(future),
            Err(rejected) if matches!(rejected.reason, Reason::Full) => {
                callable = rejected.callable;
            }
            Err(rejected) => return AioFuture::failed(rejected.reason.into()),
        }
        match executor.room() {
            // However it ends, the next try tells.
            Some(room) => drop(wrap_future(room).await),
            // Room was made since; somebody else may be faster again, so the loop's other tasks get their turn.
            None => yield_now().await,
        }
    }
}

/// Lets the loop's other tasks run; needs no runtime.
async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
