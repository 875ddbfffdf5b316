//! What a process pool does and has done, at one moment.

use std::sync::atomic::Ordering;

use crate::{histogram::Histogram, process::shared::Pool};

/// A snapshot of a process pool, given by [`stats`](crate::ProcessPoolExecutor::stats).
///
/// While the pool works, the numbers are read one after the other and may be off by what happened in between.
///
/// # Examples
/// ```
/// use cf_pool::{ProcessPoolExecutor, task};
///
/// #[task]
/// fn double(n: u32) -> u32 {
///     n * 2
/// }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     cf_pool::init();
///     let pool = ProcessPoolExecutor::new(2)?;
///     assert_eq!(pool.map(double::task, 0..10).filter_map(Result::ok).sum::<u32>(), 90);
///     let stats = pool.stats();
///     assert_eq!((stats.completed, stats.failed, stats.restarts), (10, 0, 0));
///     assert!(!stats.workers.is_empty());
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProcessStats {
    /// Calls that wait for a worker, or at one.
    pub queued: usize,
    /// Workers that run a call.
    pub running: usize,
    /// Workers that have nothing to do.
    pub idle: usize,
    /// The processes there are, also those that are starting or leaving.
    pub workers: Vec<WorkerStats>,
    /// Processes that were started in the place of others, which had died, left or been killed.
    pub restarts: u64,
    /// Calls that ended with a value.
    pub completed: u64,
    /// Calls that ended with an error, a panic, a time-out or the death of their worker.
    pub failed: u64,
    /// Calls that were cancelled, before they started or while they ran.
    pub cancelled: u64,
    /// How long calls waited from submission until they were sent to a worker; a chunk of `map` counts as one.
    pub queue_wait: Histogram,
    /// How long calls ran, as their workers say.
    pub run_time: Histogram,
}

/// One worker process.
///
/// # Examples
/// ```
/// # use cf_pool::{ProcessPoolExecutor, task};
/// # #[task]
/// # fn ping() {}
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # cf_pool::init();
/// let pool = ProcessPoolExecutor::new(1)?;
/// pool.submit(ping::task()).result()?;
/// let stats = pool.stats();
/// assert!(stats.workers[0].pid > 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerStats {
    /// Its number.
    pub pid: u32,
    /// How many bytes of memory it has in use (resident set size); `None` where the system does not say.
    pub rss: Option<u64>,
}

impl ProcessStats {
    pub(crate) fn of(pool: &Pool) -> Self {
        let (queued, running, idle, pids) = pool.snapshot();
        let counts = pool.tallies.counts();
        let [queue_wait, run_time] = pool.tallies.histograms();
        let pids = pids
            .into_iter()
            .map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
        Self {
            queued,
            running,
            idle,
            workers: pids.map(|pid| WorkerStats { pid, rss: rss(pid) }).collect(),
            restarts: pool.n_restarts.load(Ordering::Relaxed),
            completed: counts.completed,
            failed: counts.failed,
            cancelled: counts.cancelled,
            queue_wait,
            run_time,
        }
    }
}

fn rss(pid: u32) -> Option<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let n_pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(n_pages * rustix::param::page_size() as u64)
}
