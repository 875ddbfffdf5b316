//! The thread pool as its users hold it.

use std::{fmt, sync::Arc};

use cf_core::{
    Callable, Calls, ClosureExecutor, Error, Future, Map, Reason, Rejected, Submission, Task, host,
    is_blocking_refused,
};

use crate::{
    builder::{BuildError, Settings, ThreadPoolBuilder},
    room::Bound,
    scope::{self, Scope},
    shared::Shared,
    shutdown::Shutdown,
    stats::Stats,
    worker,
};

/// Runs callables on threads that it starts on demand; a cheap handle that can be cloned.
///
/// Tasks start in submission order; an idle worker is used before a new one is started. A panic of a task is stored in its
/// future. Waiting for a future of the pool on one of its own workers is safe: an awaited task that is still queued is run
/// right there (by waits without a time limit, for one future or for all of a set, while stack remains), and while a worker
/// really blocks another thread stands in for it. Dropping the last handle is
/// [`shutdown`](Self::shutdown). Follows `concurrent.futures.ThreadPoolExecutor`.
///
/// A worker that has nothing to do looks around for a few microseconds and then sleeps; an idle pool uses no processor time.
///
/// # Examples
/// ```
/// use cf_pool::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::new(4)?;
/// let future = pool.submit(|| 6 * 7);
/// assert_eq!(future.result().unwrap(), 42);
/// # Ok::<_, cf_pool::BuildError>(())
/// ```
#[derive(Clone)]
pub struct ThreadPoolExecutor {
    handle: Arc<Handle>,
}

/// The last of it shuts the pool down.
struct Handle(Arc<Shared>);

impl ThreadPoolExecutor {
    /// Makes a pool of at most `max_workers` threads, with default settings otherwise.
    ///
    /// # Errors
    /// [`BuildError`] for 0 workers.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// assert!(ThreadPoolExecutor::new(2).is_ok());
    /// assert!(ThreadPoolExecutor::new(0).is_err());
    /// ```
    pub fn new(max_workers: usize) -> Result<Self, BuildError> {
        Self::builder().max_workers(max_workers).build()
    }

    /// Gives a builder for a pool with other settings.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::builder().max_workers(1).build()?;
    /// assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn builder() -> ThreadPoolBuilder {
        ThreadPoolBuilder::default()
    }

    pub(crate) fn from_settings(settings: Settings) -> Self {
        Self {
            handle: Arc::new(Handle(Shared::new(settings))),
        }
    }

    #[cfg(all(feature = "process", unix))]
    pub(crate) fn home(&self) -> host::Home {
        self.shared().home
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.handle.0
    }

    /// Submits a callable and gives its future; waits for room if the queue has a bound and is full.
    ///
    /// On one of the pool's own workers it never waits. Refused work (after `shutdown`, on a broken pool, where no thread
    /// can be started) gives a future that has failed.
    ///
    /// # Examples
    /// ```
    /// use cf_core::fallible;
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// let parsed = pool.submit(fallible(|| "x".parse::<u8>()));
    /// assert!(parsed.result().is_err());
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    #[track_caller]
    pub fn submit<C: Callable + 'static>(&self, callable: C) -> Future<C::Output> {
        let (mut task, future) = Submission::new(callable, self.shared().home).split();
        let bound = if self.is_own_worker() {
            Bound::Ignore
        } else {
            Bound::Respect
        };
        while let Err((refused, reason)) = self.push(task, bound) {
            task = refused;
            let may_try_again = match reason {
                Reason::Full => self.shared().room().map_or(Ok(()), Future::result),
                reason => Err(reason.into()),
            };
            if let Err(error) = may_try_again {
                task.fail(error);
                break;
            }
        }
        future
    }

    /// Submits a callable unless that would have to wait.
    ///
    /// # Errors
    /// [`Rejected`] with the callable: the queue is full, or the pool is shut down or broken. Where no thread can be started
    /// at all, the future it gives has failed.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Reason;
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// pool.shutdown();
    /// assert!(matches!(pool.try_submit(|| 7).unwrap_err().reason, Reason::Shutdown));
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    #[track_caller]
    pub fn try_submit<C: Callable + 'static>(
        &self,
        callable: C,
    ) -> Result<Future<C::Output>, Rejected<C>> {
        let submission = Submission::new(callable, self.shared().home);
        match self.push(submission.task(), Bound::Respect) {
            Ok(()) => Ok(submission.into_future()),
            Err((task, reason)) => {
                task.discard();
                Err(Rejected {
                    callable: submission.into_callable(),
                    reason,
                })
            }
        }
    }

    /// Calls `f` with each of `items` on the workers; the results come in input order.
    ///
    /// See [`Map`] for the settings (`chunk_size`, `buffer_size`, `timeout`, `start`) and the rules. Follows
    /// `concurrent.futures.Executor.map`.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(2)?;
    /// let lengths: Result<Vec<_>, _> = pool.map(|word: &str| word.len(), ["a", "bc"]).collect();
    /// assert_eq!(lengths.unwrap(), [1, 2]);
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn map<F, I, T>(&self, f: F, items: I) -> Map<Self, Calls<F>, I::IntoIter>
    where
        F: Fn(I::Item) -> T + Send + Sync + 'static,
        I: IntoIterator<Item: Send + 'static>,
        T: Send + 'static,
    {
        ClosureExecutor::map(self, f, items)
    }

    /// Runs closures that borrow: all that is submitted in `f` has ended when `scope` returns.
    ///
    /// They run on up to `max_workers` threads that the scope starts on demand, not on the pool's own.
    ///
    /// # Panics
    /// If `f` does, after everything submitted has ended. Panics of tasks are in their futures. In a task of an event loop it
    /// unwinds with [`Error::EventLoopBlocked`] as payload, because its end would stall the loop.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(2)?;
    /// let text = String::from("borrowed");
    /// let length = pool.scope(|s| s.submit(|| text.len()).result());
    /// assert_eq!(length.unwrap(), text.len());
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn scope<'env, R>(&self, f: impl for<'s> FnOnce(&Scope<'s, 'env>) -> R) -> R {
        if is_blocking_refused() {
            std::panic::resume_unwind(Box::new(Error::EventLoopBlocked));
        }
        scope::run(&self.shared().settings, f)
    }

    /// Takes no more work, and returns when all that was accepted is done and all threads have ended.
    ///
    /// On one of the pool's own workers it does not wait, which it could only do for ever; a `tracing` warning says so.
    ///
    /// # Panics
    /// Unwinds with [`Error::EventLoopBlocked`] as payload in a task of an event loop.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// let accepted = pool.submit(|| 7);
    /// pool.shutdown();
    /// assert!(accepted.done());
    /// assert!(pool.submit(|| 8).result().is_err());
    /// # Ok::<_, cf_pool::BuildError>(())
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
    /// use cf_pool::{Shutdown, ThreadPoolExecutor};
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// let accepted = pool.submit(|| 7);
    /// pool.shutdown_with(Shutdown { wait: false, cancel_futures: false });
    /// assert_eq!(accepted.result().unwrap(), 7);
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn shutdown_with(&self, mode: Shutdown) {
        let shared = self.shared();
        if mode.wait && is_blocking_refused() {
            std::panic::resume_unwind(Box::new(Error::EventLoopBlocked));
        }
        shared.shut_down(mode.cancel_futures);
        if mode.wait {
            if self.is_own_worker() {
                tracing::warn!(
                    target: "concurrent_futures",
                    "shutdown called by a task of the same pool does not wait: it would wait for itself"
                );
            } else {
                shared.join();
            }
        }
    }

    /// Gives a snapshot of what the pool does and has done.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// pool.submit(|| 7).result().unwrap();
    /// let stats = pool.stats();
    /// assert_eq!((stats.completed, stats.failed, stats.queued), (1, 0, 0));
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn stats(&self) -> Stats {
        Stats::of(self.shared())
    }

    fn is_own_worker(&self) -> bool {
        host::current_home() == Some(self.shared().home)
    }

    fn push(&self, task: Task, bound: Bound) -> Result<(), (Task, Reason)> {
        match worker::push_local(self.shared(), task) {
            Ok(()) => Ok(()),
            Err(task) => self.shared().push(task, bound),
        }
    }
}

impl ClosureExecutor for ThreadPoolExecutor {
    #[track_caller]
    fn spawn<C: Callable + 'static>(&self, callable: C) -> Future<C::Output> {
        self.submit(callable)
    }

    #[track_caller]
    fn try_spawn<C: Callable + 'static>(
        &self,
        callable: C,
    ) -> Result<Future<C::Output>, Rejected<C>> {
        self.try_submit(callable)
    }

    #[track_caller]
    fn spawn_now<C: Callable + 'static>(&self, callable: C) -> Future<C::Output> {
        let (task, future) = Submission::new(callable, self.shared().home).split();
        if let Err((task, reason)) = self.push(task, Bound::Ignore) {
            task.fail(reason.into());
        }
        future
    }

    fn spawn_room(&self) -> Option<Future<()>> {
        self.shared().room()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.shut_down(false);
        if is_blocking_refused() {
            if self.0.has_unjoined() {
                tracing::warn!(
                    target: "concurrent_futures",
                    "a thread pool was dropped in an event loop: its work goes on unattended; \
                     use `close().await` of aio_bridge to wait for it"
                );
            }
        } else if host::current_home() != Some(self.0.home) {
            self.0.join();
        }
    }
}

impl fmt::Debug for ThreadPoolExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPoolExecutor")
            .field("name_prefix", &self.shared().settings.name_prefix)
            .field("max_workers", &self.shared().settings.max_workers)
            .finish_non_exhaustive()
    }
}

impl std::panic::UnwindSafe for ThreadPoolExecutor {}
impl std::panic::RefUnwindSafe for ThreadPoolExecutor {}
