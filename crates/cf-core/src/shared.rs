//! A future that many may read.

use std::{
    fmt,
    hash::{Hash, Hasher},
    panic::{RefUnwindSafe, UnwindSafe},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use crate::{
    block::Limit,
    canceller::Canceller,
    done::Done,
    error::Error,
    future::{Future, fmt_node},
    hooks::run_chain,
    node::{Node, TaskKey},
    promise::Promise,
    state::Phase,
    timeout::TimedOut,
};

/// A blocking future that can be cloned and read any number of times, from any number of threads.
///
/// This is how Python's `concurrent.futures.Future` behaves by default; here it is asked for with
/// [`Future::shared`], because a value that can be read twice must be cloned.
///
/// # Examples
/// ```
/// use cf_core::Promise;
///
/// let (promise, future) = Promise::new();
/// let shared = future.shared();
/// let other = shared.clone();
/// promise.set_result(7).unwrap();
/// assert_eq!((shared.result().unwrap(), other.result().unwrap(), other.result().unwrap()), (7, 7, 7));
/// ```
#[must_use = "dropping a future detaches its task; its result and its error are then lost"]
pub struct SharedFuture<T>(Arc<Shared<T>>);

struct Shared<T> {
    outcome: OnceLock<Result<T, Error>>,
    source: Arc<dyn Node>,
    signal: Future<()>,
    /// The key of the next awaited clone.
    next_key: AtomicU32,
}

impl<T: Send + Sync + 'static> Future<T> {
    /// Gives a future that can be cloned and read many times.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, InlineExecutor};
    ///
    /// let shared = InlineExecutor::new().spawn(|| vec![1, 2]).shared();
    /// assert_eq!(shared.result().unwrap(), shared.clone().result().unwrap());
    /// ```
    pub fn shared(self) -> SharedFuture<T> {
        let source = self.node();
        let (promise, signal) = Promise::derived(vec![Arc::downgrade(&source)]);
        let shared = Arc::new(Shared {
            outcome: OnceLock::new(),
            source,
            signal,
            next_key: AtomicU32::new(TaskKey::FIRST_SHARED),
        });
        let keeper = Arc::clone(&shared);
        let now = self
            .slot()
            .continue_with(Box::new(move |outcome, is_cancelled| {
                let end = outcome.as_ref().map(|_| ()).map_err(Error::clone);
                let first = keeper.outcome.set(outcome);
                debug_assert!(first.is_ok(), "a future ends once");
                promise.set_link(end, is_cancelled)
            }));
        run_chain(now);
        SharedFuture(shared)
    }
}

impl<T: Send + Sync + 'static> SharedFuture<T> {
    pub(crate) fn signal(&self) -> &Future<()> {
        &self.0.signal
    }

    pub(crate) fn source(&self) -> &Arc<dyn Node> {
        &self.0.source
    }

    /// A key under which one more task can watch the signal.
    pub(crate) fn task_key(&self) -> TaskKey {
        TaskKey(self.0.next_key.fetch_add(1, Ordering::Relaxed))
    }

    /// As [`Future::cancel`]; all handles see it.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let shared = future.shared();
    /// assert!(shared.cancel() && shared.clone().cancelled());
    /// # promise.set_result(7).unwrap_err();
    /// ```
    pub fn cancel(&self) -> bool {
        self.0.source.cancel()
    }

    /// As [`Future::request_cancel`].
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let shared = future.shared();
    /// assert!(promise.set_running_or_notify_cancel());
    /// assert!(shared.request_cancel());
    /// # promise.set_result(7).unwrap();
    /// ```
    pub fn request_cancel(&self) -> bool {
        self.0.source.request_cancel()
    }

    /// As [`Future::cancelled`].
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let shared = future.shared();
    /// promise.set_result(7).unwrap();
    /// assert!(!shared.cancelled());
    /// ```
    pub fn cancelled(&self) -> bool {
        self.0.source.phase() == Phase::Cancelled
    }

    /// As [`Future::running`].
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let shared = future.shared();
    /// promise.set_running_or_notify_cancel();
    /// assert!(shared.running());
    /// # promise.set_result(7).unwrap();
    /// ```
    pub fn running(&self) -> bool {
        self.0.source.phase() == Phase::Running
    }

    /// As [`Future::done`].
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let shared = future.shared();
    /// assert!(!shared.done());
    /// promise.set_result(7).unwrap();
    /// assert!(shared.done());
    /// ```
    pub fn done(&self) -> bool {
        self.0.outcome.get().is_some()
    }

    /// Waits for the outcome and gives a clone of it.
    ///
    /// # Errors
    /// As [`Future::result`].
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let shared = future.shared();
    /// promise.set_result(7).unwrap();
    /// assert_eq!(shared.result().unwrap() + shared.result().unwrap(), 14);
    /// ```
    pub fn result(&self) -> Result<T, Error>
    where
        T: Clone,
    {
        if !self.done() {
            self.0.signal.block(Limit::Untimed)?;
        }
        self.outcome().clone()
    }

    /// Waits for the outcome, but not longer than `timeout`, and gives a clone of it.
    ///
    /// # Errors
    /// [`TimedOut`] if the time ran out; the inner result is that of [`result`](Self::result).
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let shared = future.shared();
    /// assert!(shared.result_timeout(Duration::ZERO).is_err());
    /// promise.set_result(7).unwrap();
    /// assert_eq!(shared.result_timeout(Duration::ZERO).unwrap().unwrap(), 7);
    /// ```
    pub fn result_timeout(&self, timeout: Duration) -> Result<Result<T, Error>, TimedOut>
    where
        T: Clone,
    {
        if !self.done() {
            match self.0.signal.block(Limit::after(timeout)) {
                Ok(true) => {}
                Ok(false) => return Err(TimedOut::SINGLE),
                Err(refused) => return Ok(Err(refused)),
            }
        }
        Ok(self.outcome().clone())
    }

    /// As [`Future::exception`].
    ///
    /// # Panics
    /// As [`Future::exception`].
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let shared = future.shared();
    /// promise.set_result(7).unwrap();
    /// assert!(shared.exception().is_none());
    /// ```
    pub fn exception(&self) -> Option<Error> {
        self.wait();
        self.outcome().as_ref().err().cloned()
    }

    /// As [`Future::wait`].
    ///
    /// # Panics
    /// As [`Future::exception`].
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let shared = future.shared();
    /// promise.set_result(7).unwrap();
    /// shared.wait();
    /// assert!(shared.done());
    /// ```
    pub fn wait(&self) {
        if !self.done() {
            self.0.signal.wait();
        }
    }

    /// As [`Future::wait_timeout`].
    ///
    /// # Panics
    /// As [`Future::exception`].
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let shared = future.shared();
    /// assert!(!shared.wait_timeout(Duration::from_millis(1)));
    /// # promise.set_result(7).unwrap();
    /// ```
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.done() || self.0.signal.wait_timeout(timeout)
    }

    /// Looks at the outcome without cloning it; `None` if it is not done.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let shared = future.shared();
    /// assert!(shared.peek(|_| ()).is_none());
    /// promise.set_result(7).unwrap();
    /// assert_eq!(shared.peek(|outcome| *outcome.unwrap()), Some(7));
    /// ```
    pub fn peek<R>(&self, f: impl FnOnce(Result<&T, &Error>) -> R) -> Option<R> {
        self.0.outcome.get().map(|outcome| f(outcome.as_ref()))
    }

    /// As [`Future::add_done_callback`].
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let shared = future.shared();
    /// shared.add_done_callback(|done| assert_eq!(done.result().unwrap(), &7));
    /// promise.set_result(7).unwrap();
    /// ```
    pub fn add_done_callback(&self, f: impl FnOnce(&Done<'_, T>) + Send + 'static) {
        let this = self.clone();
        self.0
            .signal
            .add_done_callback(move |signal| f(&Done::new(this.outcome(), signal.cancelled())));
    }

    /// As [`Future::canceller`].
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let shared = future.shared();
    /// let canceller = shared.canceller();
    /// assert!(canceller.cancel() && shared.cancelled());
    /// # promise.set_result(7).unwrap_err();
    /// ```
    pub fn canceller(&self) -> Canceller {
        Canceller::new(Arc::clone(&self.0.source))
    }

    pub(crate) fn outcome(&self) -> &Result<T, Error> {
        let Some(outcome) = self.0.outcome.get() else {
            unreachable!("the signal is given after the outcome is stored")
        };
        outcome
    }
}

impl<T> Clone for SharedFuture<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for SharedFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_node(
            f,
            "SharedFuture",
            &*self.0.source,
            std::any::type_name::<T>(),
        )
    }
}

/// Two handles are equal if they are handles on the same future.
impl<T> PartialEq for SharedFuture<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Eq for SharedFuture<T> {}

impl<T> Hash for SharedFuture<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl<T> UnwindSafe for SharedFuture<T> {}
impl<T> RefUnwindSafe for SharedFuture<T> {}
