//! Waiting for a set of futures at once.

use std::time::Duration;

use crate::{
    block::Limit,
    error::Error,
    frame,
    graph::Need,
    set::{Enough, Set},
    waitable::{Waitable, Waitables},
};

/// When [`wait`] returns.
///
/// # Examples
/// ```
/// use cf_core::{ClosureExecutor, InlineExecutor, ReturnWhen, wait};
///
/// let futures = (0..3).map(|n| InlineExecutor::new().spawn(move || n));
/// assert_eq!(wait(futures, ReturnWhen::AllCompleted).done.len(), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnWhen {
    /// As soon as one has ended, in whatever way.
    FirstCompleted,
    /// As soon as one has failed; without a failure, when all have ended. A cancelled one has not failed.
    FirstException,
    /// When all have ended.
    AllCompleted,
}

/// What [`wait`] gives: each future in one of the two, both in input order.
///
/// # Examples
/// ```
/// use cf_core::{DoneAndNotDone, Promise, ReturnWhen, wait};
/// use std::time::Duration;
///
/// let (_promise, pending) = Promise::<u32>::new();
/// let DoneAndNotDone { done, not_done } =
///     cf_core::wait_timeout([pending], Duration::ZERO, ReturnWhen::AllCompleted);
/// assert!(done.is_empty() && not_done.len() == 1);
/// ```
#[derive(Debug)]
pub struct DoneAndNotDone<F> {
    /// Those that had ended when the wait did.
    pub done: Vec<F>,
    /// The others. One that ends while the call returns may be in either.
    pub not_done: Vec<F>,
}

/// Waits for the futures, as `when` says, and gives them back in two sets.
///
/// A future given twice counts once. Never fails because a future did. Nothing is polled: each future reports its end once.
/// Follows `concurrent.futures.wait`.
///
/// # Panics
/// Unwinds with [`Error::Deadlock`] or [`Error::EventLoopBlocked`] as payload where [`Future::result`](crate::Future::result)
/// returns them.
///
/// # Examples
/// ```
/// use cf_core::{ClosureExecutor, InlineExecutor, Promise, ReturnWhen, wait};
///
/// let (_promise, pending) = Promise::new();
/// let ended = InlineExecutor::new().spawn(|| 7);
/// let sets = wait([pending, ended], ReturnWhen::FirstCompleted);
/// assert_eq!(sets.done.into_iter().next().unwrap().result().unwrap(), 7);
/// ```
pub fn wait<F: Waitable>(futures: impl Waitables<F>, when: ReturnWhen) -> DoneAndNotDone<F> {
    wait_limited(futures, Limit::Untimed, when)
}

/// Waits as [`wait`] does, but not longer than `timeout` in all; zero only looks. Nothing is cancelled when it runs out.
///
/// # Panics
/// As [`wait`].
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use cf_core::{Promise, ReturnWhen, wait_timeout};
///
/// let (_promise, pending) = Promise::<u32>::new();
/// let sets = wait_timeout([pending], Duration::from_millis(1), ReturnWhen::AllCompleted);
/// assert_eq!(sets.not_done.len(), 1);
/// ```
pub fn wait_timeout<F: Waitable>(
    futures: impl Waitables<F>,
    timeout: Duration,
    when: ReturnWhen,
) -> DoneAndNotDone<F> {
    wait_limited(futures, Limit::after(timeout), when)
}

fn wait_limited<F: Waitable>(
    futures: impl IntoIterator<Item = F>,
    limit: Limit,
    when: ReturnWhen,
) -> DoneAndNotDone<F> {
    let mut set = Set::new(futures);
    while !is_enough(&set, when) {
        match set.wait(enough(&set, when), limit) {
            Ok(true) => set.collect_arrivals(),
            Ok(false) => break,
            Err(refused) => unwind(set, refused),
        }
    }
    let (done, not_done) = set.into_items().into_iter().partition(Waitable::done);
    DoneAndNotDone { done, not_done }
}

fn unwind<F: Waitable>(set: Set<F>, refused: Error) -> ! {
    drop(set);
    refused.unwind()
}

fn is_enough<F: Waitable>(set: &Set<F>, when: ReturnWhen) -> bool {
    set.n_unarrived() == 0
        || match when {
            ReturnWhen::FirstCompleted => set.n_unarrived() < set.len(),
            ReturnWhen::FirstException => set.has_failure(),
            ReturnWhen::AllCompleted => false,
        }
}

/// What to be woken for. A task that waits for the first failure looks at every arrival whether the rest are stuck.
fn enough<F: Waitable>(set: &Set<F>, when: ReturnWhen) -> Enough {
    match when {
        ReturnWhen::FirstCompleted => Enough::ONE,
        ReturnWhen::FirstException => Enough {
            arrivals: if frame::is_in_task() {
                1
            } else {
                set.n_unarrived()
            },
            failure_suffices: true,
            need: Need::AnyOne,
        },
        ReturnWhen::AllCompleted => Enough {
            arrivals: set.n_unarrived(),
            failure_suffices: false,
            need: Need::All,
        },
    }
}
