//! The settings of a thread pool and what can be wrong with them.

use std::{
    error::Error as StdError, fmt, io, num::NonZeroUsize, sync::atomic::AtomicUsize, thread,
    time::Duration,
};

use cf_core::{BoxError, Error, unwind};

use crate::pool::ThreadPoolExecutor;

/// Workers beyond `max_workers` that may stand in for blocked ones, unless set otherwise.
const DEFAULT_COMPENSATION: usize = 256;
/// On less, the report of a panic with its backtrace would overflow the stack, which ends the process.
const MIN_STACK_BYTES: usize = 256 << 10;
/// No address space has room for a larger one.
const MAX_STACK_BYTES: usize = 1 << 40;
/// From here on a thread is started and joined by `build` to see whether the system gives such a stack.
const DEFAULT_STACK_BYTES: usize = 2 << 20;

pub(crate) type Initializer = Box<dyn Fn() -> Result<(), Error> + Send + Sync>;

/// What a pool was built with.
pub(crate) struct Settings {
    pub(crate) max_workers: usize,
    pub(crate) name_prefix: String,
    pub(crate) stack_size: Option<usize>,
    pub(crate) initializer: Option<Initializer>,
    pub(crate) queue_capacity: Option<usize>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) compensate: usize,
}

impl Settings {
    /// The stack that its threads have, as far as we can know it.
    pub(crate) fn stack_bytes(&self) -> usize {
        let from_env = || {
            std::env::var("RUST_MIN_STACK")
                .ok()
                .and_then(|bytes| bytes.parse().ok())
        };
        self.stack_size
            .or_else(from_env)
            .unwrap_or(DEFAULT_STACK_BYTES)
    }
}

/// Makes a [`ThreadPoolExecutor`] with settings other than the default ones.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use cf_pool::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::builder()
///     .max_workers(2)
///     .thread_name_prefix("render")
///     .queue_capacity(100)
///     .idle_timeout(Duration::from_secs(10))
///     .build()?;
/// let name = pool.submit(|| std::thread::current().name().map(str::to_owned)).result().unwrap();
/// assert_eq!(name.as_deref(), Some("render_0"));
/// # Ok::<_, cf_pool::BuildError>(())
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct ThreadPoolBuilder {
    max_workers: Option<usize>,
    name_prefix: Option<String>,
    stack_size: Option<usize>,
    initializer: Option<Initializer>,
    queue_capacity: Option<usize>,
    idle_timeout: Option<Duration>,
    compensate: usize,
}

impl Default for ThreadPoolBuilder {
    fn default() -> Self {
        Self {
            max_workers: None,
            name_prefix: None,
            stack_size: None,
            initializer: None,
            queue_capacity: None,
            idle_timeout: None,
            compensate: DEFAULT_COMPENSATION,
        }
    }
}

impl ThreadPoolBuilder {
    /// Runs at most `n_workers` tasks at a time (default: processors + 4, at most 32).
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::builder().max_workers(2).build()?;
    /// assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
    /// assert!(ThreadPoolExecutor::builder().max_workers(0).build().is_err());
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn max_workers(mut self, n_workers: usize) -> Self {
        self.max_workers = Some(n_workers);
        self
    }

    /// Names the threads `<prefix>_<n>`, n from 0 (default prefix: `ThreadPoolExecutor-<k>`, k counting the pools).
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::builder().thread_name_prefix("print").build()?;
    /// let name = pool.submit(|| std::thread::current().name().map(str::to_owned));
    /// assert_eq!(name.result().unwrap().as_deref(), Some("print_0"));
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn thread_name_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.name_prefix = Some(prefix.into());
        self
    }

    /// Gives each thread a stack of so many bytes, at least 256 KiB (default: the standard library's, 2 MiB).
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::builder().stack_size(16 << 20).build()?;
    /// let length = pool.submit(|| std::hint::black_box([7_u8; 3 << 20]).len());
    /// assert_eq!(length.result().unwrap(), 3 << 20);
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn stack_size(mut self, n_bytes: usize) -> Self {
        self.stack_size = Some(n_bytes);
        self
    }

    /// Has `f` called once on each worker thread before its first task.
    ///
    /// If it returns an error or panics, the pool is broken: all queued and later work fails with
    /// [`Error::BrokenExecutor`]; what runs already ends normally.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Error;
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let no_ink = || Err::<(), _>("no ink");
    /// let pool = ThreadPoolExecutor::builder().initializer(no_ink).build()?;
    /// assert!(matches!(pool.submit(|| 7).result(), Err(Error::BrokenExecutor(_))));
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn initializer<R: Initialized>(
        mut self,
        f: impl Fn() -> R + Send + Sync + 'static,
    ) -> Self {
        self.initializer = Some(Box::new(move || {
            unwind::catch(|| f().initialized()).unwrap_or_else(Err)
        }));
        self
    }

    /// Lets at most `n_tasks` wait to be started (default: any number); when they do, `submit` waits and `try_submit`
    /// gives the callable back.
    ///
    /// # Examples
    /// ```
    /// let pool = cf_pool::ThreadPoolExecutor::builder().max_workers(1).queue_capacity(1).build()?;
    /// let (go, gate) = std::sync::mpsc::channel::<()>();
    /// let first = pool.submit(move || gate.recv().is_ok());
    /// let second = pool.submit(|| true); // waits until the first one has left the queue
    /// assert!(pool.try_submit(|| true).is_err());
    /// go.send(()).unwrap();
    /// assert!(first.result().unwrap() && second.result().unwrap());
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn queue_capacity(mut self, n_tasks: usize) -> Self {
        self.queue_capacity = Some(n_tasks);
        self
    }

    /// Lets a worker leave that had nothing to do for so long (default: workers stay).
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::builder().idle_timeout(Duration::from_millis(1)).build()?;
    /// assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
    /// std::thread::sleep(Duration::from_millis(20)); // the worker leaves, and another comes
    /// assert_eq!(pool.submit(|| 8).result().unwrap(), 8);
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// Lets up to `n_workers` more threads stand in for workers that block on a future (default: 256; 0: none).
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::builder().max_workers(1).compensate(0).build()?;
    /// let inner = pool.clone(); // the waiting worker itself runs what it waits for
    /// let future = pool.submit(move || inner.submit(|| 7).result().unwrap());
    /// assert_eq!(future.result().unwrap(), 7);
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn compensate(mut self, n_workers: usize) -> Self {
        self.compensate = n_workers;
        self
    }

    /// Makes the pool; its threads start on demand.
    ///
    /// # Errors
    /// [`BuildError`] for 0 workers, for a queue without room, for a stack that cannot be had.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::builder().build()?;
    /// assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
    /// let error = ThreadPoolExecutor::builder().queue_capacity(0).build().unwrap_err();
    /// assert_eq!(error.to_string(), "queue_capacity must be greater than 0");
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn build(self) -> Result<ThreadPoolExecutor, BuildError> {
        static N_POOLS: AtomicUsize = AtomicUsize::new(0);
        let max_workers = self.max_workers.unwrap_or_else(default_workers);
        if max_workers == 0 {
            return Err(BuildError(
                "max_workers must be greater than 0".to_owned(),
                None,
            ));
        }
        if self.queue_capacity == Some(0) {
            return Err(BuildError(
                "queue_capacity must be greater than 0".to_owned(),
                None,
            ));
        }
        let name_prefix = self.name_prefix.unwrap_or_else(|| {
            let number = N_POOLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            format!("ThreadPoolExecutor-{number}")
        });
        if name_prefix.contains('\0') {
            return Err(BuildError(
                "thread_name_prefix must not contain a NUL character".to_owned(),
                None,
            ));
        }
        if let Some(n_bytes) = self.stack_size {
            try_stack(n_bytes)?;
        }
        Ok(ThreadPoolExecutor::from_settings(Settings {
            max_workers,
            name_prefix,
            stack_size: self.stack_size.map(|n_bytes| n_bytes.max(MIN_STACK_BYTES)),
            initializer: self.initializer,
            queue_capacity: self.queue_capacity,
            idle_timeout: self.idle_timeout,
            compensate: self.compensate,
        }))
    }
}

impl fmt::Debug for ThreadPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPoolBuilder")
            .field("max_workers", &self.max_workers)
            .field("thread_name_prefix", &self.name_prefix)
            .field("stack_size", &self.stack_size)
            .field("queue_capacity", &self.queue_capacity)
            .field("idle_timeout", &self.idle_timeout)
            .field("compensate", &self.compensate)
            .finish_non_exhaustive()
    }
}

/// As CPython's: enough to keep files and sockets busy, not so many as to drown a large machine.
fn default_workers() -> usize {
    let n_cpus = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    n_cpus.saturating_add(4).min(32)
}

/// Starts and joins a thread with such a stack, where it is not an ordinary one.
fn try_stack(n_bytes: usize) -> Result<(), BuildError> {
    let what = || format!("no thread can be started with a stack of {n_bytes} bytes");
    if n_bytes > MAX_STACK_BYTES {
        return Err(BuildError(what(), None));
    }
    if n_bytes <= DEFAULT_STACK_BYTES {
        return Ok(());
    }
    let probe = thread::Builder::new().stack_size(n_bytes).spawn(|| {});
    probe
        .map_err(|error| BuildError(what(), Some(error)))?
        .join()
        .map_err(|_| BuildError(what(), None))
}

/// What an initializer may return: nothing, or a `Result`.
///
/// # Examples
/// ```
/// use cf_pool::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::builder().initializer(|| "7".parse::<u8>().map(drop)).build()?;
/// assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
/// # Ok::<_, cf_pool::BuildError>(())
/// ```
pub trait Initialized {
    /// Tells whether it succeeded.
    ///
    /// # Errors
    /// Why it did not.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::Initialized;
    ///
    /// assert!(().initialized().is_ok());
    /// assert!(Err::<(), _>("no ink").initialized().is_err());
    /// ```
    fn initialized(self) -> Result<(), Error>;
}

impl Initialized for () {
    fn initialized(self) -> Result<(), Error> {
        Ok(())
    }
}

impl<E: Into<BoxError>> Initialized for Result<(), E> {
    fn initialized(self) -> Result<(), Error> {
        self.map_err(|error| Error::from_box(error.into()))
    }
}

/// Why a pool could not be built; displays what to change.
///
/// # Examples
/// ```
/// use cf_pool::ThreadPoolExecutor;
///
/// let error = ThreadPoolExecutor::new(0).unwrap_err();
/// assert_eq!(error.to_string(), "max_workers must be greater than 0");
/// ```
#[derive(Debug)]
pub struct BuildError(String, Option<io::Error>);

impl BuildError {
    #[cfg(feature = "process")]
    pub(crate) fn new(text: String) -> Self {
        Self(text, None)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)?;
        self.1
            .as_ref()
            .map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

impl StdError for BuildError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.1.as_ref().map(|cause| cause as _)
    }
}
