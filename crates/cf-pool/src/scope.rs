//! Closures that borrow: run on threads that end before what they borrow does.

use std::{
    cell::Cell,
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use cf_core::{BlockedSection, Callable, Context, Error, Future, Promise, Reason, unwind};

use crate::builder::Settings;

/// So many tasks run on top of each other on one thread; the next one gets a thread, and a stack, of its own.
const MAX_DEPTH: usize = 64;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Runs `f` with a scope; everything submitted to it has ended afterwards.
pub(crate) fn run<'env, R>(
    settings: &Settings,
    f: impl for<'s> FnOnce(&Scope<'s, 'env>) -> R,
) -> R {
    // At its end the scope blocks this thread, which may be a pool's, until the last of its threads has ended.
    let section = Cell::new(None);
    thread::scope(|threads| {
        let scope = Scope {
            threads,
            queue: Arc::new(Mutex::new(Queue {
                tasks: VecDeque::new(),
                n_threads: 0,
                n_started: 0,
                max_threads: settings.max_workers,
                name_prefix: settings.name_prefix.clone(),
                stack_size: settings.stack_size,
            })),
        };
        // Also where `f` unwinds, and where no thread could be started, what was submitted is run.
        let _rest = RunTheRest(&scope.queue, &section);
        f(&scope)
    })
}

/// Where closures that borrow from outside of it can be submitted, also after the pool was shut down; its threads do not run
/// the pool's initializer. Made by
/// [`ThreadPoolExecutor::scope`](crate::ThreadPoolExecutor::scope).
///
/// It can be cloned, to submit from inside a task.
///
/// # Examples
/// ```
/// use cf_pool::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::new(2)?;
/// let numbers = [1, 2, 3, 4];
/// let (left, right) = numbers.split_at(2);
/// let sum = pool.scope(|s| {
///     let left = s.submit(|| left.iter().sum::<i32>());
///     let right = s.submit(|| right.iter().sum::<i32>());
///     left.result().unwrap() + right.result().unwrap()
/// });
/// assert_eq!(sum, 10);
/// # Ok::<_, cf_pool::BuildError>(())
/// ```
pub struct Scope<'s, 'env> {
    threads: &'s thread::Scope<'s, 'env>,
    queue: Arc<Mutex<Queue<'s>>>,
}

struct Queue<'s> {
    tasks: VecDeque<Arc<dyn Run + 's>>,
    n_threads: usize,
    n_started: usize,
    max_threads: usize,
    name_prefix: String,
    stack_size: Option<usize>,
}

impl<'s, 'env> Scope<'s, 'env> {
    /// Submits a callable that may borrow what outlives the scope.
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// let text = String::from("abc");
    /// pool.scope(|s| {
    ///     let future = s.submit(|| text.len());
    ///     assert_eq!(future.result().unwrap(), 3);
    /// });
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    #[track_caller]
    pub fn submit<C>(&self, callable: C) -> ScopedFuture<'s, C::Output>
    where
        C: Callable + 's,
        C::Output: 's,
    {
        let (promise, end) = Promise::new();
        let work = Work {
            callable,
            promise,
            context: Context::capture(),
        };
        let task = Arc::new(Task {
            work: Mutex::new(Some(work)),
            value: Mutex::new(None),
        });
        let mut queue = lock(&self.queue);
        queue
            .tasks
            .push_back(Arc::clone(&task) as Arc<dyn Run + 's>);
        if queue.n_threads < queue.max_threads {
            self.start_thread(&mut queue);
        }
        drop(queue);
        ScopedFuture { task, end }
    }

    fn start_thread(&self, queue: &mut Queue<'s>) {
        let mut builder =
            thread::Builder::new().name(format!("{}_scope_{}", queue.name_prefix, queue.n_started));
        if let Some(n_bytes) = queue.stack_size {
            builder = builder.stack_size(n_bytes);
        }
        let tasks = Arc::clone(&self.queue);
        match builder.spawn_scoped(self.threads, move || run_all(&tasks)) {
            Ok(_) => {
                queue.n_threads += 1;
                queue.n_started += 1;
            }
            Err(error) => tracing::warn!(
                target: "concurrent_futures", %error,
                "no scoped thread could be started; the scope's own thread will run the task"
            ),
        }
    }
}

impl Clone for Scope<'_, '_> {
    fn clone(&self) -> Self {
        Self {
            threads: self.threads,
            queue: Arc::clone(&self.queue),
        }
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("queued", &lock(&self.queue).tasks.len())
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread of the scope: it works until the queue is empty.
fn run_all(queue: &Mutex<Queue<'_>>) {
    loop {
        let mut locked = lock(queue);
        let Some(task) = locked.tasks.pop_front() else {
            locked.n_threads -= 1;
            return;
        };
        drop(locked);
        unwind::contain("drop of a result", || {
            task.run();
            drop(task);
        });
    }
}

struct RunTheRest<'a, 's>(&'a Mutex<Queue<'s>>, &'a Cell<Option<BlockedSection>>);

impl Drop for RunTheRest<'_, '_> {
    fn drop(&mut self) {
        loop {
            let task = lock(self.0).tasks.pop_front();
            let Some(task) = task else { break };
            unwind::contain("drop of a result", || {
                task.run();
                drop(task);
            });
        }
        self.1.set(Some(BlockedSection::enter()));
    }
}

trait Run: Send + Sync {
    /// Runs it, unless it was run or cancelled.
    fn run(&self);
}

trait Slot<T>: Run {
    fn take(&self) -> Option<T>;
}

struct Task<C: Callable> {
    work: Mutex<Option<Work<C>>>,
    value: Mutex<Option<C::Output>>,
}

/// Who holds it last drops a value that nobody took: a worker, or who dropped the future.
impl<C: Callable> Drop for Task<C> {
    fn drop(&mut self) {
        let value = lock(&self.value).take();
        unwind::contain("drop of a result", || drop(value));
    }
}

struct Work<C> {
    callable: C,
    promise: Promise<()>,
    context: Context,
}

impl<C: Callable> Run for Task<C> {
    fn run(&self) {
        let Some(Work {
            callable,
            promise,
            context,
        }) = lock(&self.work).take()
        else {
            return;
        };
        if !promise.set_running_or_notify_cancel() {
            return unwind::contain("drop of a callable", || drop(callable));
        }
        let outcome = promise.run(|| {
            context
                .enter(|| callable.call())
                .unwrap_or(Err(Error::BrokenPromise))
        });
        let late = match outcome {
            Ok(value) => {
                *lock(&self.value) = Some(value);
                promise.set_result(()).is_err()
            }
            Err(error) => promise.set_exception(error).is_err(),
        };
        debug_assert!(!late, "a running task cannot be cancelled");
    }
}

impl<C: Callable> Slot<C::Output> for Task<C> {
    fn take(&self) -> Option<C::Output> {
        lock(&self.value).take()
    }
}

/// The future of a task in a [`Scope`]; its value may borrow.
///
/// Waiting for a task that has not started runs it on the waiting thread, so tasks of a scope may wait for each other
/// whatever the number of threads; a circle of such waits is [`Error::Deadlock`].
///
/// # Examples
/// ```
/// use cf_pool::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::new(1)?;
/// let words = vec!["a", "bc"];
/// let longest = pool.scope(|s| s.submit(|| words.iter().max_by_key(|word| word.len())).result());
/// assert_eq!(longest.unwrap(), Some(&"bc"));
/// # Ok::<_, cf_pool::BuildError>(())
/// ```
#[must_use = "dropping a future detaches its task; its result and its error are then lost"]
pub struct ScopedFuture<'s, T> {
    task: Arc<dyn Slot<T> + 's>,
    end: Future<()>,
}

impl<T> ScopedFuture<'_, T> {
    /// Waits for the outcome and gives it; runs the task here if it has not started.
    ///
    /// # Errors
    /// As [`Future::result`].
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// let text = String::from("abc");
    /// pool.scope(|s| {
    ///     let future = s.submit(|| text.len());
    ///     assert_eq!(future.result().unwrap(), 3);
    /// });
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn result(self) -> Result<T, Error> {
        self.run_here();
        self.end.result()?;
        self.task.take().ok_or(Error::InvalidState)
    }

    /// Runs the task here if it has not started; on a fresh stack, if many are on top of each other here already.
    fn run_here(&self) {
        let depth = DEPTH.get();
        if depth < MAX_DEPTH {
            DEPTH.set(depth + 1);
            self.task.run();
            DEPTH.set(depth);
            return;
        }
        thread::scope(|threads| {
            let fresh = thread::Builder::new().spawn_scoped(threads, || self.task.run());
            if let Err(error) = fresh {
                unwind::report(
                    format_args!("no scoped thread could be started"),
                    &Error::Rejected(Reason::NoThread(Arc::new(error))),
                );
                self.task.run();
            }
        });
    }

    /// Waits until the task has ended; runs it here if it has not started.
    ///
    /// # Panics
    /// As [`Future::wait`].
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// let text = String::from("abc");
    /// pool.scope(|s| {
    ///     let future = s.submit(|| text.len());
    ///     future.wait();
    ///     assert!(future.done());
    /// });
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn wait(&self) {
        self.run_here();
        self.end.wait();
    }

    /// As [`Future::cancel`].
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// let text = String::from("abc");
    /// pool.scope(|s| {
    ///     let future = s.submit(|| text.len());
    ///     assert_eq!(future.cancel(), future.cancelled());
    /// });
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn cancel(&self) -> bool {
        self.end.cancel()
    }

    /// As [`Future::request_cancel`].
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// let text = String::from("abc");
    /// pool.scope(|s| {
    ///     let future = s.submit(|| text.len());
    ///     future.wait();
    ///     assert!(!future.request_cancel());
    /// });
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn request_cancel(&self) -> bool {
        self.end.request_cancel()
    }

    /// As [`Future::cancelled`].
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// let text = String::from("abc");
    /// pool.scope(|s| {
    ///     let future = s.submit(|| text.len());
    ///     future.wait();
    ///     assert!(!future.cancelled());
    /// });
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn cancelled(&self) -> bool {
        self.end.cancelled()
    }

    /// As [`Future::running`].
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// let text = String::from("abc");
    /// pool.scope(|s| {
    ///     let future = s.submit(|| text.len());
    ///     future.wait();
    ///     assert!(!future.running());
    /// });
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn running(&self) -> bool {
        self.end.running()
    }

    /// As [`Future::done`].
    ///
    /// # Examples
    /// ```
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// let text = String::from("abc");
    /// pool.scope(|s| {
    ///     let future = s.submit(|| text.len());
    ///     future.wait();
    ///     assert!(future.done());
    /// });
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn done(&self) -> bool {
        self.end.done()
    }
}

impl<T> fmt::Debug for ScopedFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScopedFuture").field(&self.end).finish()
    }
}
