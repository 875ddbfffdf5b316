//! The process pool as its users hold it.

use std::{fmt, sync::Arc};

use cf_core::{Chunker, Error, Executor, Future, Map, Reason, Rejected, is_blocking_refused};
use cf_task::{Batch, Call};
use rustix::process::Signal;

use crate::{
    builder::BuildError,
    process::{
        builder::ProcessPoolBuilder,
        job::{CrossesProcess, sealed::Parcel},
        shared::Pool,
        stats::ProcessStats,
    },
    room::Bound,
    shutdown::Shutdown,
};

/// Runs calls in worker processes that it starts on demand; a cheap handle that can be cloned.
///
/// A worker is this executable, started once more behind [`init`](crate::init). It runs one call at a time. When it dies
/// (a segfault, an abort, `exit`, a kill, no memory left), the call it ran fails with
/// [`WorkerDied`](cf_core::Error::WorkerDied), another worker takes its place, and nothing else is lost. Workers end with the
/// pool, and when this process ends in whatever way. Follows `concurrent.futures.ProcessPoolExecutor`, but for the crash.
///
/// While the calls are short, a worker is sent a few of them ahead (as many as it gets through in about 0.3 ms, at most 255);
/// they count as running, and go back into the queue when another worker is free, or when theirs dies.
///
/// Dropping the last handle is [`shutdown`](Self::shutdown), except in a task of an event loop, where it does not wait; a
/// `tracing` warning says so if there are workers.
///
/// # What a worker inherits
/// The environment and the working directory, but no descriptors: its standard input is `/dev/null`, and what it prints goes
/// through this process to where that prints, by whole lines (of a line without an end, in pieces of 64 KiB or more). It has a
/// process group of its own, so that the terminal's Ctrl-C goes to this process only.
///
/// A `fork` of this process without `exec`, by whatever means, must not use the pool: descriptors and memory are the parent's.
///
/// # Code of yours that runs here
/// Arguments are encoded and dropped, and values decoded, by the pool's own threads and by threads that wait for one of its
/// results. `Serialize`, `Deserialize` and `Drop` of your types may panic there (what cannot be encoded or decoded fails its own
/// call), but must not block: while one does, no other result may come. Done callbacks may block; they have threads of their own.
///
/// # Examples
/// ```
/// use cf_pool::{ProcessPoolExecutor, task};
///
/// #[task]
/// fn cpu_bound(n: u64) -> u64 {
///     (0..n).map(|i| i * i).sum()
/// }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     cf_pool::init();
///     let pool = ProcessPoolExecutor::new(4)?;
///     let sum = pool.submit(cpu_bound::task(1000)).result()?;
///     assert_eq!(sum, 332_833_500);
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct ProcessPoolExecutor {
    handle: Arc<Handle>,
}

/// The last of it shuts the pool down.
struct Handle(Arc<Pool>);

impl ProcessPoolExecutor {
    /// Makes a pool of at most `max_workers` processes, with default settings otherwise.
    ///
    /// # Errors
    /// [`BuildError`] for 0 workers, if `cf_pool::init()` was not called, if two tasks of the program have one name, and on
    /// systems without worker processes (Windows).
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # cf_pool::init();
    /// use cf_pool::ProcessPoolExecutor;
    ///
    /// assert!(ProcessPoolExecutor::new(2).is_ok());
    /// assert!(ProcessPoolExecutor::new(0).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(max_workers: usize) -> Result<Self, BuildError> {
        Self::builder().max_workers(max_workers).build()
    }

    /// Gives a builder for a pool with other settings.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # cf_pool::init();
    /// use cf_pool::ProcessPoolExecutor;
    ///
    /// let pool = ProcessPoolExecutor::builder().max_tasks_per_child(100).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> ProcessPoolBuilder {
        ProcessPoolBuilder::default()
    }

    pub(crate) fn of(pool: Arc<Pool>) -> Self {
        Self {
            handle: Arc::new(Handle(pool)),
        }
    }

    fn pool(&self) -> &Arc<Pool> {
        &self.handle.0
    }

    /// Submits a call and gives its future; waits for room if the queue has a bound and is full.
    ///
    /// What cannot be encoded fails its own future only. Refused work (after `shutdown`, on a broken pool) gives a future that
    /// has failed. So does a full queue in a task of an event loop, with [`Error::EventLoopBlocked`]: there, `run_in_executor`
    /// does not wait.
    ///
    /// # Cancellation
    /// [`cancel`](Future::cancel) works until the call is sent to a worker. [`request_cancel`](Future::request_cancel) reaches a
    /// running call at its next [`checkpoint`](cf_core::checkpoint); if it comes to none, its worker is ended, and only that one.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::{ProcessPoolExecutor, task};
    ///
    /// #[task]
    /// fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    ///     text.parse()
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     cf_pool::init();
    ///     let pool = ProcessPoolExecutor::new(1)?;
    ///     assert_eq!(pool.submit(parse::task("7")).result()?, 7);
    ///     let error = pool.submit(parse::task("x")).result().unwrap_err();
    ///     assert_eq!(error.to_string(), "invalid digit found in string");
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn submit<C: CrossesProcess>(&self, call: C) -> Future<C::Output> {
        let (Parcel(job), future) = call.into_job(self.pool().home);
        let mut refused = self.pool().push(job, Bound::Respect);
        while let Err((job, reason)) = refused {
            let may_try_again = match reason {
                Reason::Full => self.pool().room().map_or(Ok(()), Future::result),
                reason => Err(Error::from(reason)),
            };
            if let Err(error) = may_try_again {
                self.pool().fail(job, error);
                break;
            }
            refused = self.pool().push(job, Bound::Respect);
        }
        future
    }

    /// Submits a call unless that would have to wait.
    ///
    /// # Errors
    /// [`Rejected`] with the call: the queue is full, or the pool is shut down or broken.
    ///
    /// # Examples
    /// ```
    /// # use cf_pool::task;
    /// # #[task]
    /// # fn ping() {}
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # cf_pool::init();
    /// use cf_core::Reason;
    /// use cf_pool::ProcessPoolExecutor;
    ///
    /// let pool = ProcessPoolExecutor::new(1)?;
    /// pool.shutdown();
    /// assert!(matches!(pool.try_submit(ping::task()).unwrap_err().reason, Reason::Shutdown));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn try_submit<C: CrossesProcess>(&self, call: C) -> Result<Future<C::Output>, Rejected<C>> {
        if let Err(reason) = self.pool().check(Bound::Respect) {
            return Err(Rejected {
                callable: call,
                reason,
            });
        }
        // Whoever came between may make it one too many.
        Ok(self.submit_now(call))
    }

    #[track_caller]
    fn submit_now<C: CrossesProcess>(&self, call: C) -> Future<C::Output> {
        let (Parcel(job), future) = call.into_job(self.pool().home);
        if let Err((job, reason)) = self.pool().push(job, Bound::Ignore) {
            self.pool().fail(job, reason.into());
        }
        future
    }

    /// Makes a call of each of `items` and submits it; the results come in input order.
    ///
    /// With [`chunk_size`](Map::chunk_size) many small calls travel as one; each still has an outcome of its own, also where one
    /// of them kills its worker. See [`Map`] for the other settings and the rules. Follows
    /// `concurrent.futures.Executor.map`.
    ///
    /// # Panics
    /// [`chunk_size`](Map::chunk_size) and [`buffer_size`](Map::buffer_size) panic for 0. A panic of `f`, which runs here, goes
    /// through `next` or `start`, as one of `items` does.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::{ProcessPoolExecutor, task};
    ///
    /// #[task]
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     cf_pool::init();
    ///     let pool = ProcessPoolExecutor::new(2)?;
    ///     let squares: Result<Vec<_>, _> = pool.map(square::task, 1..=3).chunk_size(2).collect();
    ///     assert_eq!(squares?, [1, 4, 9]);
    ///     Ok(())
    /// }
    /// ```
    pub fn map<F, I, T>(&self, f: F, items: I) -> Map<Self, Batches<F>, I::IntoIter>
    where
        F: Fn(I::Item) -> Call<T> + Send + Sync + 'static,
        I: IntoIterator<Item: Send + 'static>,
        T: Send + 'static,
    {
        Map::over(self.clone(), Batches(f), items.into_iter())
    }

    /// Takes no more work, and returns when all that was accepted is done and all processes and threads have ended. A worker
    /// that has nothing left to do and does not leave, as in an exit handler that hangs, is killed after 5 s.
    ///
    /// In a done callback of the pool's own futures it does not wait, which it could only do for ever; a `tracing` warning says
    /// so.
    ///
    /// # Panics
    /// Unwinds with [`Error::EventLoopBlocked`] as payload in a task of an event loop.
    ///
    /// # Examples
    /// ```
    /// # use cf_pool::{ProcessPoolExecutor, task};
    /// # #[task]
    /// # fn ping() {}
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # cf_pool::init();
    /// let pool = ProcessPoolExecutor::new(1)?;
    /// let accepted = pool.submit(ping::task());
    /// pool.shutdown();
    /// assert!(accepted.done());
    /// assert!(pool.submit(ping::task()).result().is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown(&self) {
        self.shutdown_with(Shutdown::default());
    }

    /// Takes no more work; `mode` says whether to wait, and whether what has not started is cancelled.
    ///
    /// # Panics
    /// As [`shutdown`](Self::shutdown), if it is to wait.
    ///
    /// # Examples
    /// ```
    /// # use cf_pool::{ProcessPoolExecutor, Shutdown, task};
    /// # #[task]
    /// # fn ping() {}
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # cf_pool::init();
    /// let pool = ProcessPoolExecutor::new(1)?;
    /// let accepted = pool.submit(ping::task());
    /// pool.shutdown_with(Shutdown { wait: false, cancel_futures: false });
    /// accepted.result()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown_with(&self, mode: Shutdown) {
        if mode.wait && is_blocking_refused() {
            std::panic::resume_unwind(Box::new(Error::EventLoopBlocked));
        }
        self.pool().shut_down(mode.cancel_futures);
        if mode.wait {
            if !self.pool().may_wait() {
                tracing::warn!(
                    target: "concurrent_futures",
                    "shutdown called by a done callback of the same pool, or by its own work, does not wait: it would wait for itself"
                );
            } else {
                self.pool().join();
            }
        }
    }

    /// Takes no more work, cancels what has not started and kills all workers (SIGKILL), without waiting for their end.
    ///
    /// The calls that workers had begun fail with [`WorkerDied`](cf_core::Error::WorkerDied); those that were only on their way
    /// are cancelled, though they counted as running. Does nothing on a broken pool. Follows `ProcessPoolExecutor.kill_workers`
    /// of Python 3.14.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Error;
    /// use cf_pool::{ProcessPoolExecutor, task};
    ///
    /// #[task]
    /// fn forever() {
    ///     loop {
    ///         std::thread::park();
    ///     }
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     cf_pool::init();
    ///     let pool = ProcessPoolExecutor::new(1)?;
    ///     let endless = pool.submit(forever::task());
    ///     pool.kill_workers();
    ///     // It depends on whether a worker had begun with it.
    ///     assert!(matches!(endless.result(), Err(Error::WorkerDied(_) | Error::Cancelled)));
    ///     Ok(())
    /// }
    /// ```
    pub fn kill_workers(&self) {
        self.pool().force(Signal::KILL);
    }

    /// As [`kill_workers`](Self::kill_workers), with SIGTERM, which a task may have a handler for.
    ///
    /// # Examples
    /// ```
    /// # use cf_pool::ProcessPoolExecutor;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # cf_pool::init();
    /// let pool = ProcessPoolExecutor::new(1)?;
    /// pool.terminate_workers();
    /// # Ok(())
    /// # }
    /// ```
    pub fn terminate_workers(&self) {
        self.pool().force(Signal::TERM);
    }

    /// Gives a snapshot of what the pool does and has done.
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
    /// assert_eq!(pool.stats().completed, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stats(&self) -> ProcessStats {
        ProcessStats::of(self.pool())
    }
}

impl<C: CrossesProcess> Executor<C> for ProcessPoolExecutor {
    #[track_caller]
    fn submit(&self, call: C) -> Future<C::Output> {
        self.submit(call)
    }

    #[track_caller]
    fn try_submit(&self, call: C) -> Result<Future<C::Output>, Rejected<C>> {
        self.try_submit(call)
    }

    #[track_caller]
    fn submit_now(&self, call: C) -> Future<C::Output> {
        self.submit_now(call)
    }

    fn room(&self) -> Option<Future<()>> {
        self.pool().room()
    }
}

/// How [`map`](ProcessPoolExecutor::map) makes chunks: calls that travel as one.
///
/// # Examples
/// ```
/// # use cf_pool::{ProcessPoolExecutor, task};
/// # #[task]
/// # fn square(n: u64) -> u64 { n * n }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # cf_pool::init();
/// let pool = ProcessPoolExecutor::new(1)?;
/// let squares = pool.map(square::task, [1, 2, 3]); // a `Map` over `Batches`
/// assert_eq!(squares.filter_map(Result::ok).sum::<u64>(), 14);
/// # Ok(())
/// # }
/// ```
pub struct Batches<F>(F);

impl<F> fmt::Debug for Batches<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Batches").finish_non_exhaustive()
    }
}

impl<F, Item, T> Chunker<Item> for Batches<F>
where
    F: Fn(Item) -> Call<T>,
    T: Send + 'static,
{
    type Output = T;
    type Chunk = Batch<T>;

    fn chunk(&self, items: Vec<Item>) -> Batch<T> {
        items.into_iter().map(&self.0).collect()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.shut_down(false);
        if is_blocking_refused() {
            if self.0.has_unjoined() {
                tracing::warn!(
                    target: "concurrent_futures",
                    "a process pool was dropped in an event loop: its work goes on unattended; \
                     use `close().await` of aio_bridge to wait for it"
                );
            }
        } else if self.0.may_wait() {
            self.0.join();
        }
    }
}

impl fmt::Debug for ProcessPoolExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPoolExecutor")
            .field("max_workers", &self.pool().settings.max_workers)
            .finish_non_exhaustive()
    }
}

impl std::panic::UnwindSafe for ProcessPoolExecutor {}
impl std::panic::RefUnwindSafe for ProcessPoolExecutor {}
