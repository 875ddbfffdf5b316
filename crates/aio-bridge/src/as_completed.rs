//! Futures and tasks in the order in which they end.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use cf_core::TimedOut;
use futures_core::Stream;
use tokio::time::Sleep;

use crate::{awaitable::Awaitables, clock, future_like::FutureLike, set::Set};

/// Gives the futures and tasks back as they end, whichever is next; a `Stream`, or step by step with `next().await`.
///
/// One given twice comes once. What has ended already comes first, in input order. Consuming n costs O(n) in all. Follows
/// `asyncio.as_completed`, as it is with `async for`.
///
/// # Cancellation
/// Dropping it cancels nothing that was passed by reference.
///
/// # Examples
/// ```
/// use aio_bridge::{as_completed, run, to_thread};
///
/// let sum = run(async {
///     let mut sum = 0;
///     let mut completed = as_completed((1..=3).map(|n| to_thread(move || n)));
///     while let Some(future) = completed.next().await {
///         sum += future.await.unwrap();
///     }
///     sum
/// });
/// assert_eq!(sum.unwrap(), 6);
/// ```
pub fn as_completed<F: FutureLike>(futures: impl Awaitables<F>) -> AsCompleted<F> {
    AsCompleted {
        set: Set::new(futures),
    }
}

/// What [`as_completed`] gives.
#[must_use = "streams do nothing unless polled"]
pub struct AsCompleted<F: FutureLike> {
    set: Set<F>,
}

impl<F: FutureLike> AsCompleted<F> {
    /// Gives the next one that has ended; `None` when all have been given. Dropped while it waits, nothing is lost.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{as_completed, future};
    ///
    /// let (promise, one) = future();
    /// promise.set_result(7).unwrap();
    /// let mut completed = as_completed([one]);
    /// assert!(futures::executor::block_on(completed.next()).is_some());
    /// assert!(futures::executor::block_on(completed.next()).is_none());
    /// ```
    pub async fn next(&mut self) -> Option<F> {
        poll_fn(|context| self.poll_step(context)).await
    }

    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Option<F>> {
        loop {
            if let Some(future) = self.set.next_arrived() {
                return Poll::Ready(Some(future));
            }
            if self.set.n_left() == 0 {
                return Poll::Ready(None);
            }
            ready!(self.set.poll_arrivals(1, true, context));
        }
    }
}

impl<F: FutureLike + Unpin> Stream for AsCompleted<F> {
    type Item = F;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F>> {
        self.poll_step(context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.set.n_left(), Some(self.set.n_left()))
    }
}

impl<F: FutureLike> fmt::Debug for AsCompleted<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted")
            .field("n_left", &self.set.n_left())
            .finish_non_exhaustive()
    }
}

/// Gives the futures back as [`as_completed`] does, for `timeout` from now; then an error, once, and nothing more.
///
/// Nothing is cancelled when the time runs out.
///
/// # Panics
/// Outside a tokio runtime with its timer enabled.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aio_bridge::{as_completed_timeout, create_task, run};
///
/// run(async {
///     let tasks = [create_task(std::future::pending::<u32>()), create_task(async { 7 })];
///     let mut completed = as_completed_timeout(&tasks, Duration::from_millis(20));
///     assert_eq!(completed.next().await, Some(Ok(&tasks[1])));
///     let error = completed.next().await.unwrap().unwrap_err();
///     assert_eq!(error.to_string(), "1 (of 2) futures unfinished");
///     assert_eq!(completed.next().await, None);
/// }).unwrap();
/// ```
pub fn as_completed_timeout<F: FutureLike>(
    futures: impl Awaitables<F>,
    timeout: Duration,
) -> AsCompletedTimeout<F> {
    AsCompletedTimeout {
        completed: as_completed(futures),
        timer: clock::timer(clock::after(timeout)).map(Box::pin),
        is_over: false,
    }
}

/// What [`as_completed_timeout`] gives.
#[must_use = "streams do nothing unless polled"]
pub struct AsCompletedTimeout<F: FutureLike> {
    completed: AsCompleted<F>,
    timer: Option<Pin<Box<Sleep>>>,
    is_over: bool,
}

impl<F: FutureLike> AsCompletedTimeout<F> {
    /// Gives the next one that has ended, or the error; `None` when there is no more to come.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use aio_bridge::{as_completed_timeout, create_task, run};
    ///
    /// run(async {
    ///     let mut completed = as_completed_timeout([create_task(async {})], Duration::from_secs(9));
    ///     assert!(completed.next().await.unwrap().is_ok());
    /// }).unwrap();
    /// ```
    pub async fn next(&mut self) -> Option<Result<F, TimedOut>> {
        poll_fn(|context| self.poll_step(context)).await
    }

    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<F, TimedOut>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if let Poll::Ready(next) = self.completed.poll_step(context) {
            return Poll::Ready(next.map(Ok));
        }
        match &mut self.timer {
            None => return Poll::Pending,
            Some(timer) => ready!(timer.as_mut().poll(context)),
        }
        self.is_over = true;
        let set = &self.completed.set;
        Poll::Ready(Some(Err(TimedOut::of_set(set.n_left(), set.len()))))
    }
}

impl<F: FutureLike + Unpin> Stream for AsCompletedTimeout<F> {
    type Item = Result<F, TimedOut>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_step(context)
    }
}

impl<F: FutureLike> fmt::Debug for AsCompletedTimeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompletedTimeout")
            .field("n_left", &self.completed.set.n_left())
            .finish_non_exhaustive()
    }
}
