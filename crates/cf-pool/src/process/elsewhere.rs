//! The process pool on systems without worker processes (all but Unix): the same names, and an error instead of a pool.

use std::{convert::Infallible, fmt, time::Duration};

use cf_core::{Callable, Chunker, Executor, Future, Map, Rejected};
use cf_task::{Batch, Call};

use crate::{builder::BuildError, histogram::Histogram, shutdown::Shutdown};

/// Does nothing here, where there are no worker processes.
pub fn init() {}

/// Does nothing here, where there are no worker processes.
#[macro_export]
macro_rules! worker_test {
    () => {};
}

#[doc(hidden)]
#[derive(Debug)]
pub struct TestEntry(pub &'static str);

inventory::collect!(TestEntry);

/// What the death of a worker means to the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnWorkerDeath {
    /// The call that it ran fails; the worker is replaced, and no other call is lost.
    #[default]
    FailTask,
    /// The pool is broken: all that is not done fails, as in CPython.
    BreakPool,
}

/// What can cross to another process: a [`Call`], or several of them as a [`Batch`].
pub trait CrossesProcess: Callable<Output: 'static> + Sized + 'static {}

impl<T: Send + 'static> CrossesProcess for Call<T> {}
impl<T: Send + 'static> CrossesProcess for Batch<T> {}

/// The settings of a pool that cannot be built here.
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ProcessPoolBuilder(());

macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        impl ProcessPoolBuilder {
            $($(#[$doc])* pub fn $name(self, _: $type) -> Self {
                self
            })*
        }
    };
}

settings! {
    /// See Unix.
    max_workers: usize;
    /// See Unix.
    queue_capacity: usize;
    /// See Unix.
    initializer: Call<()>;
    /// See Unix.
    max_tasks_per_child: usize;
    /// See Unix.
    memory_limit: u64;
    /// See Unix.
    start_timeout: Duration;
    /// See Unix.
    cancel_grace: Duration;
    /// See Unix.
    on_worker_death: OnWorkerDeath;
    /// See Unix.
    forward_tracing: tracing::Level;
}

impl ProcessPoolBuilder {
    /// Gives an error.
    ///
    /// # Errors
    /// Always: there are no worker processes on this system.
    pub fn build(self) -> Result<ProcessPoolExecutor, BuildError> {
        Err(BuildError::new(
            "worker processes are not supported on this system (only on Unix): use `ThreadPoolExecutor`, which runs the same calls"
                .to_owned(),
        ))
    }
}

/// A pool of worker processes, of which there are none here.
#[derive(Clone, Debug)]
pub struct ProcessPoolExecutor(Infallible);

impl ProcessPoolExecutor {
    /// Gives an error.
    ///
    /// # Errors
    /// Always: there are no worker processes on this system.
    pub fn new(max_workers: usize) -> Result<Self, BuildError> {
        Self::builder().max_workers(max_workers).build()
    }

    /// Gives a builder for a pool with other settings.
    pub fn builder() -> ProcessPoolBuilder {
        ProcessPoolBuilder::default()
    }

    /// See Unix.
    pub fn submit<C: CrossesProcess>(&self, _: C) -> Future<C::Output> {
        match self.0 {}
    }

    /// See Unix.
    ///
    /// # Errors
    /// None here.
    pub fn try_submit<C: CrossesProcess>(&self, _: C) -> Result<Future<C::Output>, Rejected<C>> {
        match self.0 {}
    }

    /// See Unix.
    pub fn map<F, I, T>(&self, _: F, _: I) -> Map<Self, Batches<F>, I::IntoIter>
    where
        F: Fn(I::Item) -> Call<T> + Send + Sync + 'static,
        I: IntoIterator<Item: Send + 'static>,
        T: Send + 'static,
    {
        match self.0 {}
    }

    /// See Unix.
    pub fn shutdown(&self) {
        match self.0 {}
    }

    /// See Unix.
    pub fn shutdown_with(&self, _: Shutdown) {
        match self.0 {}
    }

    /// See Unix.
    pub fn kill_workers(&self) {
        match self.0 {}
    }

    /// See Unix.
    pub fn terminate_workers(&self) {
        match self.0 {}
    }

    /// See Unix.
    pub fn stats(&self) -> ProcessStats {
        match self.0 {}
    }
}

impl<C: CrossesProcess> Executor<C> for ProcessPoolExecutor {
    fn submit(&self, _: C) -> Future<C::Output> {
        match self.0 {}
    }

    fn try_submit(&self, _: C) -> Result<Future<C::Output>, Rejected<C>> {
        match self.0 {}
    }
}

/// How `map` makes chunks.
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

/// A snapshot of a pool.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProcessStats {
    /// See Unix.
    pub queued: usize,
    /// See Unix.
    pub running: usize,
    /// See Unix.
    pub idle: usize,
    /// See Unix.
    pub workers: Vec<WorkerStats>,
    /// See Unix.
    pub restarts: u64,
    /// See Unix.
    pub completed: u64,
    /// See Unix.
    pub failed: u64,
    /// See Unix.
    pub cancelled: u64,
    /// See Unix.
    pub queue_wait: Histogram,
    /// See Unix.
    pub run_time: Histogram,
}

/// One worker process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerStats {
    /// See Unix.
    pub pid: u32,
    /// See Unix.
    pub rss: Option<u64>,
}
