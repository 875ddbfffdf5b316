//! What a pool does and has done, at one moment.

use crate::{histogram::Histogram, shared::Shared};

/// A snapshot of a pool, given by [`stats`](crate::ThreadPoolExecutor::stats).
///
/// While the pool works, the numbers are read one after the other and may be off by what happened in between.
///
/// # Examples
/// ```
/// use cf_pool::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::new(2)?;
/// assert_eq!(pool.map(|n: u32| n + 1, 0..10).filter_map(Result::ok).sum::<u32>(), 55);
/// let stats = pool.stats();
/// assert_eq!((stats.completed, stats.failed, stats.cancelled), (10, 0, 0));
/// println!("half of the tasks waited for less than {:?}", stats.queue_wait.quantile(0.5));
/// # Ok::<_, cf_pool::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stats {
    /// Tasks that wait to be started.
    pub queued: usize,
    /// Tasks that have been started and have not ended.
    pub running: usize,
    /// Threads that have nothing to do.
    pub idle: usize,
    /// Threads there are.
    pub threads: usize,
    /// Tasks that ended with a value.
    pub completed: u64,
    /// Tasks that ended with an error or a panic, or were failed by the pool.
    pub failed: u64,
    /// Tasks that were cancelled, before they started or at a checkpoint.
    pub cancelled: u64,
    /// How long tasks waited from submission until a worker took them (of tasks run by a wait it is not counted).
    pub queue_wait: Histogram,
    /// How long tasks ran.
    pub run_time: Histogram,
}

impl Stats {
    pub(crate) fn of(shared: &Shared) -> Self {
        let (threads, idle, sum) = shared.sum();
        let ended = sum.completed + sum.failed + sum.cancelled_running;
        let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Self {
            queued: count(sum.submitted.saturating_sub(sum.started)),
            running: count(sum.started.saturating_sub(ended)),
            idle,
            threads,
            completed: sum.completed,
            failed: sum.failed,
            cancelled: sum.cancelled_running + sum.cancelled_queued,
            queue_wait: sum.queue_wait,
            run_time: sum.run_time,
        }
    }
}
