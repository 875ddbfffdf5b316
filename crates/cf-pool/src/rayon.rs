//! Any rayon thread pool as an executor.

use std::{fmt, rc::Rc, sync::Arc, time::Instant};

use cf_core::{
    Callable, ClosureExecutor, Future, Submission, Task,
    host::{self, Ending, Home, Host},
    unwind,
};

use crate::worker::stack_position;

/// What rayon's threads have by default.
const DEFAULT_STACK_BYTES: usize = 2 << 20;

/// Runs callables on a [`rayon::ThreadPool`]; a cheap handle that can be cloned.
///
/// Waiting on one of its threads for a task that is still queued runs that task right there, so nested waits do not block the
/// pool; but a wait that must block keeps its thread, because rayon cannot be asked for another. Dropping the last handle
/// does not wait: rayon ends its threads when they have run what was submitted.
///
/// # Examples
/// ```
/// use cf_core::Executor;
/// use cf_pool::RayonExecutor;
///
/// let executor = RayonExecutor::new(rayon::ThreadPoolBuilder::new().num_threads(2).build()?);
/// assert_eq!(executor.submit(|| 6 * 7).result().unwrap(), 42);
/// # Ok::<_, rayon::ThreadPoolBuildError>(())
/// ```
#[derive(Clone)]
pub struct RayonExecutor {
    pool: Arc<rayon::ThreadPool>,
    home: Home,
    stack_bytes: usize,
}

impl RayonExecutor {
    /// Makes an executor of a pool whose threads have the default stack of 2 MiB or more.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::RayonExecutor;
    ///
    /// let executor = RayonExecutor::new(rayon::ThreadPoolBuilder::new().build()?);
    /// assert!(executor.pool().current_num_threads() > 0);
    /// # Ok::<_, rayon::ThreadPoolBuildError>(())
    /// ```
    pub fn new(pool: rayon::ThreadPool) -> Self {
        Self::with_stack_size(pool, DEFAULT_STACK_BYTES)
    }

    /// Makes an executor of a pool whose threads have stacks of `n_bytes`; tasks are run on top of waiting ones as long as
    /// less than half of that is used.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::RayonExecutor;
    ///
    /// let pool = rayon::ThreadPoolBuilder::new().stack_size(256 << 10).build()?;
    /// let executor = RayonExecutor::with_stack_size(pool, 256 << 10);
    /// # drop(executor);
    /// # Ok::<_, rayon::ThreadPoolBuildError>(())
    /// ```
    pub fn with_stack_size(pool: rayon::ThreadPool, n_bytes: usize) -> Self {
        Self {
            pool: Arc::new(pool),
            home: Home::unique(),
            stack_bytes: n_bytes,
        }
    }

    /// Gives the pool, for rayon's own operations.
    pub fn pool(&self) -> &rayon::ThreadPool {
        &self.pool
    }
}

impl ClosureExecutor for RayonExecutor {
    #[track_caller]
    fn spawn<C: Callable + 'static>(&self, callable: C) -> Future<C::Output> {
        let (task, future) = Submission::new(callable, self.home).split();
        let (home, stack_bytes) = (self.home, self.stack_bytes);
        self.pool.spawn_fifo(move || run(task, home, stack_bytes));
        future
    }
}

impl fmt::Debug for RayonExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RayonExecutor")
            .field("threads", &self.pool.current_num_threads())
            .finish()
    }
}

/// Runs a task on a thread of rayon's, which is made a worker at its first task.
fn run(task: Task, home: Home, stack_bytes: usize) {
    let host = host::current()
        .filter(|host| host.home() == home)
        .unwrap_or_else(|| {
            let host: Rc<dyn Host> = Rc::new(RayonWorker {
                home,
                stack_base: stack_position(),
                stack_bytes,
            });
            host::install(Some(Rc::clone(&host)));
            host
        });
    unwind::contain("drop of a result", || task.run(&*host));
}

struct RayonWorker {
    home: Home,
    stack_base: usize,
    stack_bytes: usize,
}

impl Host for RayonWorker {
    fn home(&self) -> Home {
        self.home
    }

    fn has_stack(&self) -> bool {
        self.stack_base.abs_diff(stack_position()) < self.stack_bytes / 2
    }

    fn take_queued(&self, _: usize) -> Option<Task> {
        None
    }

    fn starting(&self) -> Option<Instant> {
        None
    }

    fn finishing(&self, _: Ending, _: Option<Instant>) {}

    fn ready(&self) {}

    fn not_ready(&self) {}

    fn can_be_replaced(&self) -> bool {
        false
    }

    fn block(&self) -> bool {
        false
    }

    fn unblock(&self) {}
}
