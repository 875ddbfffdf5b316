//! What turns a callable into a future.

use std::fmt;

use crate::{
    callable::Callable, chunker::Calls, error::Error, future::Future, map::Map, refusal::Reason,
};

/// Runs callables of type `C`; written as a bound, it makes code run on any executor.
///
/// # Examples
/// ```
/// use cf_core::{Executor, Future, InlineExecutor};
///
/// fn start<E: Executor<fn() -> u32>>(executor: &E) -> Future<u32> {
///     executor.submit(|| 7)
/// }
///
/// assert_eq!(start(&InlineExecutor::new()).result().unwrap(), 7);
/// ```
pub trait Executor<C: Callable + 'static> {
    /// Submits the callable; waits for room where the queue is bounded and full.
    ///
    /// Work that is refused gives an already failed future. Follows `concurrent.futures.Executor.submit`.
    #[track_caller]
    fn submit(&self, callable: C) -> Future<C::Output>;

    /// Submits the callable unless that would have to wait.
    ///
    /// # Errors
    /// [`Rejected`] with the callable, if the queue is full or the executor takes no work.
    #[track_caller]
    fn try_submit(&self, callable: C) -> Result<Future<C::Output>, Rejected<C>>;

    /// Submits the callable without waiting: goes past the bound of a full queue.
    ///
    /// For those who must not block, such as an event loop; work that is refused gives an already failed future.
    #[track_caller]
    fn submit_now(&self, callable: C) -> Future<C::Output> {
        self.try_submit(callable)
            .unwrap_or_else(|rejected| failed(rejected.reason.into()))
    }

    /// Gives a future that is done when there is room in the queue again; `None` if there is room, or no bound.
    ///
    /// An executor that refuses work with [`Reason::Full`] gives one, or who waits for room tries again and again.
    fn room(&self) -> Option<Future<()>> {
        None
    }
}

/// Runs any closure: threads, rayon, inline. It is an [`Executor`] of every callable.
///
/// # Examples
/// ```
/// use cf_core::{ClosureExecutor, InlineExecutor};
///
/// fn lengths<E: ClosureExecutor>(executor: &E, words: &[&'static str]) -> Vec<usize> {
///     let futures: Vec<_> = words.iter().map(|&word| executor.spawn(move || word.len())).collect();
///     futures.into_iter().map(|future| future.result().unwrap()).collect()
/// }
///
/// assert_eq!(lengths(&InlineExecutor::new(), &["a", "bc"]), [1, 2]);
/// ```
pub trait ClosureExecutor {
    /// As [`Executor::submit`].
    #[track_caller]
    fn spawn<C: Callable + 'static>(&self, callable: C) -> Future<C::Output>;

    /// As [`Executor::try_submit`]; without a bound, it is `spawn`.
    ///
    /// # Errors
    /// [`Rejected`] with the callable.
    #[track_caller]
    fn try_spawn<C: Callable + 'static>(
        &self,
        callable: C,
    ) -> Result<Future<C::Output>, Rejected<C>> {
        Ok(self.spawn(callable))
    }

    /// As [`Executor::submit_now`]; without a bound, it is `spawn`.
    #[track_caller]
    fn spawn_now<C: Callable + 'static>(&self, callable: C) -> Future<C::Output> {
        self.spawn(callable)
    }

    /// As [`Executor::room`].
    fn spawn_room(&self) -> Option<Future<()>> {
        None
    }

    /// Calls `f` with each of `items`, in parallel; the results come in input order.
    ///
    /// See [`Map`] for the settings and the rules. Follows `concurrent.futures.Executor.map`.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, InlineExecutor};
    ///
    /// let squares = InlineExecutor::new().map(|n: u64| n * n, 1..=3);
    /// assert_eq!(squares.collect::<Result<Vec<_>, _>>().unwrap(), [1, 4, 9]);
    /// ```
    fn map<F, I, T>(&self, f: F, items: I) -> Map<Self, Calls<F>, I::IntoIter>
    where
        Self: Clone,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
        I: IntoIterator<Item: Send + 'static>,
        T: Send + 'static,
    {
        Map::over(self.clone(), Calls::new(f), items.into_iter())
    }
}

impl<E: ClosureExecutor, C: Callable + 'static> Executor<C> for E {
    #[track_caller]
    fn submit(&self, callable: C) -> Future<C::Output> {
        self.spawn(callable)
    }

    #[track_caller]
    fn try_submit(&self, callable: C) -> Result<Future<C::Output>, Rejected<C>> {
        self.try_spawn(callable)
    }

    #[track_caller]
    fn submit_now(&self, callable: C) -> Future<C::Output> {
        self.spawn_now(callable)
    }

    fn room(&self) -> Option<Future<()>> {
        self.spawn_room()
    }
}

/// A callable that an executor would not take, and why.
///
/// # Examples
/// ```
/// use cf_core::{Callable, Reason, Rejected};
///
/// let rejected = Rejected { callable: || 7, reason: Reason::Full };
/// assert!(rejected.to_string().starts_with("the queue is full"));
/// assert_eq!(rejected.callable.call().unwrap(), 7);
/// ```
pub struct Rejected<C> {
    /// The callable, as it was submitted.
    pub callable: C,
    /// Why it was not taken.
    pub reason: Reason,
}

impl<C> fmt::Debug for Rejected<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl<C> fmt::Display for Rejected<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl<C> std::error::Error for Rejected<C> {}

/// A future that has failed already.
pub(crate) fn failed<T: Send + 'static>(error: Error) -> Future<T> {
    let (promise, future) = crate::promise::Promise::new();
    promise.set_outcome(Err(error));
    future
}
