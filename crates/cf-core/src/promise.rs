//! The producing side of a future that no executor fulfils.

use std::{
    fmt,
    sync::{Arc, Weak},
    task::{Context, Poll},
};

use crate::{
    body::{Body, Produces},
    cell::Cell,
    error::{BoxError, Error, InvalidState},
    frame,
    future::Future,
    hooks::{Next, run_chain},
    host::{Home, Host},
    node::{self, Node, TaskKey},
    slot::Slot,
    state::Phase,
    unwind,
};

/// The body of a cell that is fulfilled from outside: nothing to run, perhaps sources to wait for.
pub(crate) struct Promised<T> {
    sources: Vec<Weak<dyn Node>>,
    value: std::marker::PhantomData<fn() -> T>,
}

impl<T> Produces for Promised<T> {
    type Output = T;
}

impl<T: Send + 'static> Body for Promised<T> {
    fn run(_: Arc<Cell<Self>>, _: &dyn Host) -> bool {
        false
    }

    fn sources(&self) -> Vec<Weak<dyn Node>> {
        self.sources.clone()
    }

    fn name() -> &'static str {
        std::any::type_name::<T>()
    }
}

/// The side of a future that is written, once.
///
/// Dropped unfulfilled, its future fails with [`Error::BrokenPromise`]. The write half of Python's
/// `concurrent.futures.Future`, which there is the same object as the read half.
///
/// # Examples
/// ```
/// use cf_core::Promise;
///
/// let (promise, future) = Promise::new();
/// let reader = std::thread::spawn(move || future.result().unwrap());
/// promise.set_result(42).unwrap();
/// assert_eq!(reader.join().unwrap(), 42);
/// ```
pub struct Promise<T: Send + 'static> {
    cell: Option<Arc<Cell<Promised<T>>>>,
}

impl<T: Send + 'static> Promise<T> {
    /// Makes a pending future and its promise.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// promise.set_result(7).unwrap();
    /// assert_eq!(future.result().unwrap(), 7);
    /// ```
    #[track_caller]
    pub fn new() -> (Self, Future<T>) {
        Self::derived(Vec::new())
    }

    /// Makes a pending future and its promise, as [`new`](Self::new), for a task that runs at `home`: the
    /// [`Landlord`](crate::host::Landlord) there is told when it is cancelled or asked to stop. For authors of executors.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, host::Home};
    ///
    /// let (promise, future) = Promise::at(Home::unique());
    /// assert!(promise.set_running_or_notify_cancel());
    /// promise.set_result(7).unwrap();
    /// assert_eq!(future.result().unwrap(), 7);
    /// ```
    #[track_caller]
    pub fn at(home: Home) -> (Self, Future<T>) {
        Self::made(Vec::new(), home)
    }

    /// Gives what tells this promise from all others that there are.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (one, other) = (Promise::<u32>::new().0, Promise::<u32>::new().0);
    /// assert_ne!(one.id(), other.id());
    /// ```
    pub fn id(&self) -> usize {
        node::id(&**self.cell())
    }

    /// Tells whether the running task was asked to stop.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// promise.set_running_or_notify_cancel();
    /// future.request_cancel();
    /// assert!(promise.is_asked_to_stop());
    /// ```
    pub fn is_asked_to_stop(&self) -> bool {
        self.cell().is_asked_to_stop()
    }

    /// Makes a future that gets its value from others, so that waiting for it waits for them.
    #[track_caller]
    pub(crate) fn derived(sources: Vec<Weak<dyn Node>>) -> (Self, Future<T>) {
        Self::made(sources, Home::NOWHERE)
    }

    #[track_caller]
    fn made(sources: Vec<Weak<dyn Node>>, home: Home) -> (Self, Future<T>) {
        let body = Promised {
            sources,
            value: std::marker::PhantomData,
        };
        let cell = Arc::new(Cell::new(body, home));
        let future = Future::new(Arc::clone(&cell) as Arc<dyn Slot<T>>);
        (Self { cell: Some(cell) }, future)
    }

    fn cell(&self) -> &Arc<Cell<Promised<T>>> {
        let Some(cell) = &self.cell else {
            unreachable!("only taken by value or by drop")
        };
        cell
    }

    /// Declares that the work begins; false if the future was cancelled, and then the work must not be done.
    ///
    /// Called again while running it is true again, where Python raises `RuntimeError`.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// assert!(promise.set_running_or_notify_cancel());
    /// assert!(future.running() && !future.cancel());
    /// # promise.set_result(7).unwrap();
    /// ```
    pub fn set_running_or_notify_cancel(&self) -> bool {
        self.cell().start().is_some() || self.cell().phase() == Phase::Running
    }

    /// Runs `f` as the task that is going to fulfil this promise: in it [`checkpoint`](crate::checkpoint) answers for this
    /// promise's future, and a wait in it is watched for circles. For authors of executors.
    ///
    /// # Errors
    /// What `f` returned, or its panic.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Error, Promise, checkpoint};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// assert!(promise.set_running_or_notify_cancel());
    /// assert!(future.request_cancel());
    /// let stopped = promise.run(|| checkpoint());
    /// promise.set_exception(stopped.unwrap_err()).unwrap();
    /// assert!(future.cancelled());
    /// ```
    pub fn run<R>(&self, f: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
        let task = Arc::clone(self.cell()) as Arc<dyn Node>;
        frame::run_as(task, || unwind::catch_call(f)).0
    }

    /// Fulfils the promise with a value.
    ///
    /// # Errors
    /// [`InvalidState`] with the value if the future was cancelled before.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// promise.set_result(7).unwrap();
    /// assert_eq!(future.result().unwrap(), 7);
    /// ```
    pub fn set_result(mut self, value: T) -> Result<(), InvalidState<T>> {
        let Some(cell) = self.cell.take() else {
            unreachable!("only taken by value or by drop")
        };
        match cell.complete(Ok(value), None) {
            Err(Ok(value)) => Err(InvalidState(value)),
            _ => Ok(()),
        }
    }

    /// Fulfils the promise with a failure; an error of type [`Error`] is stored as itself.
    ///
    /// [`Error::Cancelled`] makes it cancelled if that was asked for ([`request_cancel`](Future::request_cancel)).
    ///
    /// # Errors
    /// [`InvalidState`] with the error if the future was cancelled before.
    ///
    /// # Examples
    /// ```
    /// use std::io;
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// promise.set_exception(io::Error::other("disk")).unwrap();
    /// assert_eq!(future.result().unwrap_err().to_string(), "disk");
    /// ```
    pub fn set_exception(mut self, error: impl Into<BoxError>) -> Result<(), InvalidState<Error>> {
        let Some(cell) = self.cell.take() else {
            unreachable!("only taken by value or by drop")
        };
        let error = Error::from_box(error.into());
        if matches!(error, Error::Cancelled) && cell.is_asked_to_stop() {
            run_chain(cell.complete_link(Err(error), true));
            return Ok(());
        }
        match cell.complete(Err(error), None) {
            Err(Err(error)) => Err(InvalidState(error)),
            _ => Ok(()),
        }
    }

    /// Cancels the future from the producing side, also where the work has begun.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// promise.set_running_or_notify_cancel();
    /// promise.set_cancelled();
    /// assert!(future.cancelled());
    /// ```
    pub fn set_cancelled(self) {
        run_chain(self.set_link(Err(Error::Cancelled), true));
    }

    /// Fulfils a running promise with `outcome`, if that only wakes who waits and calls nobody's code; for threads that must
    /// not be held up. [`Error::Cancelled`] makes it cancelled.
    ///
    /// # Errors
    /// The promise and the outcome, where callbacks or a continuation (`map` and its like) wait for it.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// promise.set_running_or_notify_cancel();
    /// future.add_done_callback(|done| assert!(done.result().is_ok()));
    /// let (promise, outcome) = promise.set_unobserved(Ok(7)).unwrap_err();
    /// promise.set_result(outcome.unwrap()).unwrap(); // calls the callback
    /// ```
    pub fn set_unobserved(
        mut self,
        outcome: Result<T, Error>,
    ) -> Result<(), (Self, Result<T, Error>)> {
        let Some(cell) = self.cell.take() else {
            unreachable!("only taken by value or by drop")
        };
        match cell.complete_unobserved(outcome) {
            Ok(()) => Ok(()),
            Err(outcome) => {
                self.cell = Some(cell);
                Err((self, outcome))
            }
        }
    }

    /// Fulfils it as one link of a chain; `is_cancelled` says whether what it comes from was.
    pub(crate) fn set_link(
        mut self,
        outcome: Result<T, Error>,
        is_cancelled: bool,
    ) -> Option<Next> {
        self.cell
            .take()
            .and_then(|cell| cell.complete_link(outcome, is_cancelled))
    }

    /// Runs `f` as the link that makes this promise's value: what waits in it, waits for this promise's sake.
    pub(crate) fn run_link<R>(&self, f: impl FnOnce() -> R) -> Result<R, Error> {
        self.cell().with_pending(|body| body.sources.clear());
        self.run(|| Ok(f()))
    }

    /// Fulfils it as `set_link` does, but with a cancellation taken for a failure.
    pub(crate) fn set_outcome(mut self, outcome: Result<T, Error>) {
        if let Some(cell) = self.cell.take() {
            let late = cell.complete(outcome, None);
            unwind::contain("drop of an unwanted outcome", || drop(late));
        }
    }

    /// The value comes from `source` from now on.
    pub(crate) fn follow(&self, source: Weak<dyn Node>) {
        self.cell().with_pending(|body| body.sources = vec![source]);
    }

    /// Ready once nobody wants the value any more: cancelled, or given up by who awaits it.
    ///
    /// # Examples
    /// ```
    /// use std::task::{Context, Waker};
    ///
    /// let (promise, future) = cf_core::Promise::<u32>::new();
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert!(promise.poll_cancelled(&mut context).is_pending());
    /// future.cancel();
    /// assert!(promise.poll_cancelled(&mut context).is_ready());
    /// ```
    pub fn poll_cancelled(&self, context: &mut Context<'_>) -> Poll<()> {
        crate::bridge::poll_end(&**self.cell(), TaskKey::PRODUCER, context)
    }

    /// Tells whether the future was cancelled.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// future.cancel();
    /// assert!(promise.is_cancelled());
    /// # promise.set_result(7).unwrap_err();
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.cell().is_cancelled()
    }
}

impl<T: Send + 'static> Drop for Promise<T> {
    fn drop(&mut self) {
        if let Some(cell) = self.cell.take() {
            // Refused only where the future was cancelled, which answers its readers as well.
            drop(cell.complete(Err(Error::BrokenPromise), None));
        }
    }
}

impl<T: Send + 'static> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise")
            .field("phase", &self.cell().phase())
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> std::panic::UnwindSafe for Promise<T> {}
impl<T: Send + 'static> std::panic::RefUnwindSafe for Promise<T> {}
