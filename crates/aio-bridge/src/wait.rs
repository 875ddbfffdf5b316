//! Waiting for a set of futures and tasks without blocking.

use std::{future::poll_fn, task::Poll, time::Duration};

use cf_core::{DoneAndNotDone, ReturnWhen};

use crate::{awaitable::Awaitables, clock, future_like::FutureLike, set::Set};

/// Waits for futures and tasks, as `when` says, and gives them back in two sets, both in input order.
///
/// One given twice counts once; none given is no wait. It never fails because one of them did. To keep them when this wait is
/// itself cancelled, pass references. Follows `asyncio.wait`.
///
/// # Cancellation
/// Dropping it cancels nothing that was passed by reference.
///
/// # Examples
/// ```
/// use aio_bridge::{ReturnWhen, create_task, run, wait};
///
/// run(async {
///     let tasks = [create_task(std::future::pending::<u32>()), create_task(async { 7 })];
///     let sets = wait(&tasks, ReturnWhen::FirstCompleted).await;
///     assert_eq!((sets.done, sets.not_done), (vec![&tasks[1]], vec![&tasks[0]]));
///     tasks[0].cancel();
/// }).unwrap();
/// ```
pub async fn wait<F: FutureLike>(
    futures: impl Awaitables<F>,
    when: ReturnWhen,
) -> DoneAndNotDone<F> {
    let mut set = Set::new(futures);
    until_enough(&mut set, when).await;
    split(set)
}

/// Waits as [`wait`] does, but not longer than `timeout`; zero lets the loop's other tasks run once. Nothing is cancelled.
///
/// # Panics
/// Outside a tokio runtime with its timer enabled, if there is something to wait for and `timeout` is not zero.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aio_bridge::{ReturnWhen, create_task, run, wait_timeout};
///
/// run(async {
///     let task = create_task(std::future::pending::<u32>());
///     let sets = wait_timeout([&task], Duration::from_millis(1), ReturnWhen::AllCompleted).await;
///     assert_eq!(sets.not_done, [&task]);
///     task.cancel();
/// }).unwrap();
/// ```
pub async fn wait_timeout<F: FutureLike>(
    futures: impl Awaitables<F>,
    timeout: Duration,
    when: ReturnWhen,
) -> DoneAndNotDone<F> {
    let mut set = Set::new(futures);
    if !is_enough(&set, when) {
        if timeout.is_zero() {
            tokio::task::yield_now().await;
        } else {
            // Whether the time ran out is seen in the sets.
            let _ = clock::within(timeout, until_enough(&mut set, when)).await;
        }
    }
    split(set)
}

async fn until_enough<F: FutureLike>(set: &mut Set<F>, when: ReturnWhen) {
    poll_fn(|context| {
        while !is_enough(set, when) {
            let (enough, failure_suffices) = match when {
                ReturnWhen::FirstCompleted => (1, true),
                ReturnWhen::FirstException => (set.n_unarrived(), true),
                ReturnWhen::AllCompleted => (set.n_unarrived(), false),
            };
            if set
                .poll_arrivals(enough, failure_suffices, context)
                .is_pending()
            {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    })
    .await;
}

fn is_enough<F: FutureLike>(set: &Set<F>, when: ReturnWhen) -> bool {
    set.n_unarrived() == 0
        || match when {
            ReturnWhen::FirstCompleted => set.n_unarrived() < set.len(),
            ReturnWhen::FirstException => set.has_failure(),
            ReturnWhen::AllCompleted => false,
        }
}

/// What is done now, also if it was not what the wait was for.
fn split<F: FutureLike>(mut set: Set<F>) -> DoneAndNotDone<F> {
    let (done, not_done) = set.take_items().into_iter().partition(FutureLike::done);
    DoneAndNotDone { done, not_done }
}
