//! Taking futures in the order in which they end.

use std::{fmt, iter::FusedIterator, time::Duration};

use crate::{
    block::Limit,
    set::{Enough, Set},
    timeout::TimedOut,
    waitable::{Waitable, Waitables},
};

/// Gives the futures one by one as they end, those that have ended already first.
///
/// A future given twice comes once. Between items it blocks; nothing is polled, and n futures cost O(n) in all. Dropping the
/// iterator cancels nothing and leaves nothing behind. Follows `concurrent.futures.as_completed`.
///
/// # Panics
/// The iterator unwinds with [`Error::Deadlock`](crate::Error::Deadlock) or
/// [`Error::EventLoopBlocked`](crate::Error::EventLoopBlocked) as payload where
/// [`Future::result`](crate::Future::result) returns them.
///
/// # Examples
/// ```
/// use cf_core::{Promise, as_completed};
///
/// let (slow, a) = Promise::new();
/// let (fast, b) = Promise::new();
/// let mut in_order = as_completed([a, b]);
/// fast.set_result("fast").unwrap();
/// assert_eq!(in_order.next().unwrap().result().unwrap(), "fast");
/// slow.set_result("slow").unwrap();
/// assert_eq!(in_order.next().unwrap().result().unwrap(), "slow");
/// assert!(in_order.next().is_none());
/// ```
pub fn as_completed<F: Waitable>(futures: impl Waitables<F>) -> AsCompleted<F> {
    AsCompleted {
        set: Set::new(futures),
    }
}

/// Gives the futures as [`as_completed`] does, for `timeout` from this call on.
///
/// When the time runs out, the next item is the error, which counts those not handed out, and the iterator ends. What has
/// ended by then still comes first. Python starts the clock at the first step; here it starts at the call, as its
/// documentation says.
///
/// # Panics
/// As [`as_completed`].
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use cf_core::{Promise, as_completed_timeout};
///
/// let (promise, a) = Promise::new();
/// let (_pending, b) = Promise::<u32>::new();
/// promise.set_result(7).unwrap();
/// let mut in_order = as_completed_timeout([a, b], Duration::from_millis(1));
/// assert_eq!(in_order.next().unwrap().unwrap().result().unwrap(), 7);
/// assert_eq!(in_order.next().unwrap().unwrap_err().to_string(), "1 (of 2) futures unfinished");
/// assert!(in_order.next().is_none());
/// ```
pub fn as_completed_timeout<F: Waitable>(
    futures: impl Waitables<F>,
    timeout: Duration,
) -> AsCompletedTimeout<F> {
    let limit = Limit::after(timeout);
    AsCompletedTimeout {
        set: Set::new(futures),
        limit,
        is_over: false,
    }
}

/// The iterator that [`as_completed`] gives.
///
/// # Examples
/// ```
/// use cf_core::{ClosureExecutor, InlineExecutor, as_completed};
///
/// let futures = (0..3).map(|n| InlineExecutor::new().spawn(move || n));
/// assert_eq!(as_completed(futures).len(), 3);
/// ```
pub struct AsCompleted<F: Waitable> {
    set: Set<F>,
}

impl<F: Waitable> Iterator for AsCompleted<F> {
    type Item = F;

    fn next(&mut self) -> Option<F> {
        next_within(&mut self.set, Limit::Untimed).unwrap_or_default()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.set.n_left(), Some(self.set.n_left()))
    }
}

impl<F: Waitable> ExactSizeIterator for AsCompleted<F> {}
impl<F: Waitable> FusedIterator for AsCompleted<F> {}

/// The iterator that [`as_completed_timeout`] gives.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use cf_core::{ClosureExecutor, InlineExecutor, as_completed_timeout};
///
/// let futures = (0..3).map(|n| InlineExecutor::new().spawn(move || n));
/// assert!(as_completed_timeout(futures, Duration::from_secs(1)).all(|item| item.is_ok()));
/// ```
pub struct AsCompletedTimeout<F: Waitable> {
    set: Set<F>,
    limit: Limit,
    is_over: bool,
}

impl<F: Waitable> Iterator for AsCompletedTimeout<F> {
    type Item = Result<F, TimedOut>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = next_within(&mut self.set, self.limit);
        self.is_over = next.is_err();
        next.transpose()
    }
}

impl<F: Waitable> FusedIterator for AsCompletedTimeout<F> {}

fn next_within<F: Waitable>(set: &mut Set<F>, limit: Limit) -> Result<Option<F>, TimedOut> {
    loop {
        if let Some(future) = set.next_arrived() {
            return Ok(Some(future));
        }
        if set.n_unarrived() == 0 {
            return Ok(None);
        }
        match set.wait(Enough::ONE, limit) {
            Ok(true) => {}
            Ok(false) => {
                return set
                    .next_arrived()
                    .map(Some)
                    .ok_or_else(|| TimedOut::of_set(set.n_left(), set.len()));
            }
            Err(refused) => refused.unwind(),
        }
    }
}

impl<F: Waitable> fmt::Debug for AsCompleted<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted")
            .field("left", &self.set.n_left())
            .finish()
    }
}

impl<F: Waitable> fmt::Debug for AsCompletedTimeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompletedTimeout")
            .field("left", &self.set.n_left())
            .finish()
    }
}
