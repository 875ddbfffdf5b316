//! The settings of a process pool.

use std::{fmt, num::NonZeroUsize, thread, time::Duration};

use cf_task::{Call, Outgoing, registry};

use crate::{
    builder::BuildError,
    process::{channel::Encoded, entry, events, pool::ProcessPoolExecutor, shared::Pool},
};

const DEFAULT_START_TIMEOUT: Duration = Duration::from_secs(60);
const DEFAULT_CANCEL_GRACE: Duration = Duration::from_secs(1);

/// The settings of a process pool, as the pool keeps them.
pub(crate) struct Settings {
    pub(crate) max_workers: usize,
    pub(crate) queue_capacity: Option<usize>,
    pub(crate) initializer: Option<Encoded>,
    pub(crate) max_tasks_per_child: Option<usize>,
    pub(crate) memory_limit: Option<u64>,
    pub(crate) start_timeout: Duration,
    pub(crate) cancel_grace: Duration,
    pub(crate) on_worker_death: OnWorkerDeath,
    pub(crate) forward_level: Option<u8>,
}

/// What the death of a worker means to the pool.
///
/// # Examples
/// ```
/// use cf_pool::OnWorkerDeath;
///
/// assert_eq!(OnWorkerDeath::default(), OnWorkerDeath::FailTask);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnWorkerDeath {
    /// The call that it ran fails; the worker is replaced, and no other call is lost.
    #[default]
    FailTask,
    /// The pool is broken: all that is not done fails, as in CPython.
    ///
    /// This is about deaths under a call. A worker that dies while it is idle, or is ended because its call ran into its time
    /// limit or did not stop when asked to, breaks nothing. In CPython every death does.
    BreakPool,
}

/// The settings of a [`ProcessPoolExecutor`]; [`build`](Self::build) makes the pool.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use cf_pool::{ProcessPoolExecutor, task};
///
/// #[task]
/// fn double(n: u32) -> u32 {
///     n * 2
/// }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     cf_pool::init();
///     let pool = ProcessPoolExecutor::builder()
///         .max_workers(2)
///         .queue_capacity(100)
///         .max_tasks_per_child(1000)
///         .start_timeout(Duration::from_secs(30))
///         .build()?;
///     assert_eq!(pool.submit(double::task(21)).result()?, 42);
///     Ok(())
/// }
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct ProcessPoolBuilder {
    max_workers: Option<usize>,
    queue_capacity: Option<usize>,
    initializer: Option<Call<()>>,
    max_tasks_per_child: Option<usize>,
    memory_limit: Option<u64>,
    start_timeout: Duration,
    cancel_grace: Duration,
    on_worker_death: OnWorkerDeath,
    forward_level: Option<tracing::Level>,
}

impl Default for ProcessPoolBuilder {
    fn default() -> Self {
        Self {
            max_workers: None,
            queue_capacity: None,
            initializer: None,
            max_tasks_per_child: None,
            memory_limit: None,
            start_timeout: DEFAULT_START_TIMEOUT,
            cancel_grace: DEFAULT_CANCEL_GRACE,
            on_worker_death: OnWorkerDeath::default(),
            forward_level: None,
        }
    }
}

impl ProcessPoolBuilder {
    /// Runs at most `n_workers` processes (default: as many as there are processors for this one).
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # cf_pool::init();
    /// use cf_pool::ProcessPoolExecutor;
    ///
    /// assert!(ProcessPoolExecutor::builder().max_workers(2).build().is_ok());
    /// assert!(ProcessPoolExecutor::builder().max_workers(0).build().is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_workers(mut self, n_workers: usize) -> Self {
        self.max_workers = Some(n_workers);
        self
    }

    /// Lets at most `n_calls` wait for a worker (default: any number); when they do, `submit` waits and `try_submit` gives the
    /// call back. A chunk of `map` counts as one.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # cf_pool::init();
    /// use cf_pool::ProcessPoolExecutor;
    ///
    /// let pool = ProcessPoolExecutor::builder().queue_capacity(100).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn queue_capacity(mut self, n_calls: usize) -> Self {
        self.queue_capacity = Some(n_calls);
        self
    }

    /// Has this call made in each worker before its first one.
    ///
    /// If it fails, the pool is broken: everything fails with [`BrokenExecutor`](cf_core::Error::BrokenExecutor), which says
    /// why. One that takes its worker down is tried again; the fifth in a row breaks the pool.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Error;
    /// use cf_pool::{ProcessPoolExecutor, task};
    ///
    /// #[task]
    /// fn load(model: &str) -> Result<(), String> {
    ///     Err(format!("no model named {model}"))
    /// }
    ///
    /// #[task]
    /// fn ping() {}
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     cf_pool::init();
    ///     let pool = ProcessPoolExecutor::builder().initializer(load::task("small")).build()?;
    ///     let error = pool.submit(ping::task()).result().unwrap_err();
    ///     assert!(matches!(error, Error::BrokenExecutor(_)));
    ///     assert!(error.to_string().ends_with("no model named small"));
    ///     Ok(())
    /// }
    /// ```
    pub fn initializer(mut self, call: Call<()>) -> Self {
        self.initializer = Some(call);
        self
    }

    /// Replaces each worker after `n_calls` calls (default: never); a chunk of `map` counts as one.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::{ProcessPoolExecutor, task};
    ///
    /// #[task]
    /// fn pid() -> u32 {
    ///     std::process::id()
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     cf_pool::init();
    ///     let pool = ProcessPoolExecutor::builder().max_workers(1).max_tasks_per_child(1).build()?;
    ///     let first = pool.submit(pid::task()).result()?;
    ///     assert_ne!(pool.submit(pid::task()).result()?, first);
    ///     Ok(())
    /// }
    /// ```
    pub fn max_tasks_per_child(mut self, n_calls: usize) -> Self {
        self.max_tasks_per_child = Some(n_calls);
        self
    }

    /// Lets each worker have at most so many bytes of private memory (default: as much as there is).
    ///
    /// An allocation beyond that aborts the worker; its call fails with [`WorkerDied`](cf_core::Error::WorkerDied), whose
    /// `oom_likely` is true. Follows the limit on data of `setrlimit`, which macOS does not enforce.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # cf_pool::init();
    /// use cf_pool::ProcessPoolExecutor;
    ///
    /// let pool = ProcessPoolExecutor::builder().memory_limit(1 << 30).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn memory_limit(mut self, n_bytes: u64) -> Self {
        self.memory_limit = Some(n_bytes);
        self
    }

    /// Gives up a worker that is not ready so long after its start (default: 60 s). Five in a row that fail to start break the
    /// pool.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # cf_pool::init();
    /// use std::time::Duration;
    /// use cf_pool::ProcessPoolExecutor;
    ///
    /// let pool = ProcessPoolExecutor::builder().start_timeout(Duration::from_secs(5)).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// Gives a running call that was [asked to stop](cf_core::Future::request_cancel) so long to come to a
    /// [`checkpoint`](cf_core::checkpoint); then its worker gets SIGTERM, and after as long again SIGKILL (default: 1 s).
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # cf_pool::init();
    /// use std::time::Duration;
    /// use cf_pool::ProcessPoolExecutor;
    ///
    /// let pool = ProcessPoolExecutor::builder().cancel_grace(Duration::from_millis(100)).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_grace(mut self, grace: Duration) -> Self {
        self.cancel_grace = grace;
        self
    }

    /// Says what the death of a worker means (default: [`FailTask`](OnWorkerDeath::FailTask)).
    ///
    /// # Examples
    /// ```
    /// use cf_core::Error;
    /// use cf_pool::{OnWorkerDeath::BreakPool, ProcessPoolExecutor, task};
    ///
    /// #[task]
    /// fn crash() {
    ///     std::process::abort()
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     cf_pool::init();
    ///     let pool = ProcessPoolExecutor::builder().on_worker_death(BreakPool).build()?;
    ///     assert!(matches!(pool.submit(crash::task()).result(), Err(Error::BrokenExecutor(_))));
    ///     assert!(matches!(pool.submit(crash::task()).result(), Err(Error::BrokenExecutor(_))));
    ///     Ok(())
    /// }
    /// ```
    pub fn on_worker_death(mut self, what: OnWorkerDeath) -> Self {
        self.on_worker_death = what;
        self
    }

    /// Has `tracing` events of the workers from `level` on told to this process's subscriber, under the target
    /// `concurrent_futures::worker` (default: they stay there).
    ///
    /// Each has the worker's `pid`, its own target as `origin`, and its fields as one text, `fields`. Spans are not told. Of a
    /// text, only the first 64 KiB are. A worker waits for a parent that is slow to take them. A subscriber that the program has
    /// set before `init` keeps the worker's events to itself.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # cf_pool::init();
    /// use cf_pool::ProcessPoolExecutor;
    ///
    /// let pool = ProcessPoolExecutor::builder().forward_tracing(tracing::Level::INFO).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn forward_tracing(mut self, level: tracing::Level) -> Self {
        self.forward_level = Some(level);
        self
    }

    /// Makes the pool; its processes start on demand.
    ///
    /// # Errors
    /// [`BuildError`] if `cf_pool::init()` was not called, if two tasks of the program have one name, for 0 workers, for a
    /// queue without room, for a life without calls, and for an initializer that cannot be encoded.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cf_pool::ProcessPoolExecutor;
    ///
    /// let error = ProcessPoolExecutor::builder().build().unwrap_err();
    /// assert!(error.to_string().contains("cf_pool::init()"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn build(self) -> Result<ProcessPoolExecutor, BuildError> {
        entry::check()?;
        registry::check().map_err(|error| BuildError::new(error.to_string()))?;
        let max_workers = self.max_workers.unwrap_or_else(default_workers);
        for (what, n) in [
            ("max_workers", Some(max_workers)),
            ("queue_capacity", self.queue_capacity),
            ("max_tasks_per_child", self.max_tasks_per_child),
        ] {
            if n == Some(0) {
                return Err(BuildError::new(format!("{what} must be greater than 0")));
            }
        }
        let initializer = self.initializer.map(|call| encode(&call)).transpose()?;
        Ok(ProcessPoolExecutor::of(Pool::new(Settings {
            max_workers,
            queue_capacity: self.queue_capacity,
            initializer,
            max_tasks_per_child: self.max_tasks_per_child,
            memory_limit: self.memory_limit,
            start_timeout: self.start_timeout,
            cancel_grace: self.cancel_grace,
            on_worker_death: self.on_worker_death,
            forward_level: self.forward_level.map(events::number),
        })))
    }
}

fn encode(call: &Call<()>) -> Result<Encoded, BuildError> {
    let mut outgoing = Outgoing::default();
    call.encode(&mut outgoing)
        .map_err(|error| BuildError::new(format!("the initializer's arguments: {error}")))?;
    let buffers = outgoing.buffers.iter().map(|buffer| buffer.to_vec());
    Ok(Encoded {
        key: call.task().key(),
        buffers: buffers.collect(),
        head: outgoing.head,
    })
}

fn default_workers() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

impl fmt::Debug for ProcessPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPoolBuilder")
            .field("max_workers", &self.max_workers)
            .field("queue_capacity", &self.queue_capacity)
            .field("initializer", &self.initializer)
            .field("max_tasks_per_child", &self.max_tasks_per_child)
            .field("memory_limit", &self.memory_limit)
            .field("start_timeout", &self.start_timeout)
            .field("cancel_grace", &self.cancel_grace)
            .field("on_worker_death", &self.on_worker_death)
            .field("forward_tracing", &self.forward_level)
            .finish()
    }
}
