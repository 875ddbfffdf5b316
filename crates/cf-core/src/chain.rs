//! Futures made from futures: what is to be done with an outcome once it is there.

use std::sync::{Arc, Weak};

use crate::{
    callable::Callable,
    error::Error,
    executor::Executor,
    future::Future,
    hooks::{Next, run_chain},
    node::Node,
    promise::Promise,
    unwind,
};

/// The closures run on the thread that completes the source, or here and now if it has ended; a panic in one fails the
/// derived future. Cancelling a derived future cancels its source if that has not started. Chains do not recurse, however
/// long they are.
impl<T: Send + 'static> Future<T> {
    /// Gives a future of `f(value)`; an error passes through.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// let length = future.map(|text: String| text.len());
    /// promise.set_result("seven".to_owned()).unwrap();
    /// assert_eq!(length.result().unwrap(), 5);
    /// ```
    pub fn map<U: Send + 'static>(self, f: impl FnOnce(T) -> U + Send + 'static) -> Future<U> {
        self.then(|outcome| outcome.map(f))
    }

    /// Gives a future whose error is `f(error)`; a value passes through.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Error, Promise, Timeout};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// let future = future.map_err(|error| match error {
    ///     Error::BrokenPromise => Error::TimedOut(Timeout::default()),
    ///     other => other,
    /// });
    /// drop(promise);
    /// assert!(matches!(future.result(), Err(Error::TimedOut(_))));
    /// ```
    pub fn map_err(self, f: impl FnOnce(Error) -> Error + Send + 'static) -> Self {
        self.then(|outcome| outcome.map_err(f))
    }

    /// Gives a future of what `f` makes of the whole outcome.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// let or_zero = future.then(|outcome| Ok(outcome.unwrap_or(0)));
    /// drop(promise);
    /// assert_eq!(or_zero.result().unwrap(), 0);
    /// ```
    pub fn then<U: Send + 'static>(
        self,
        f: impl FnOnce(Result<T, Error>) -> Result<U, Error> + Send + 'static,
    ) -> Future<U> {
        self.derive(|outcome, promise, is_cancelled| {
            let outcome = promise.run_link(|| f(outcome)).and_then(|outcome| outcome);
            promise.set_link(outcome, is_cancelled)
        })
    }

    /// Gives a future of the future that `f(value)` returns; an error passes through.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, InlineExecutor, Promise};
    ///
    /// let (promise, future) = Promise::new();
    /// let squared = future.and_then(|n: u64| InlineExecutor::new().spawn(move || n * n));
    /// promise.set_result(9).unwrap();
    /// assert_eq!(squared.result().unwrap(), 81);
    /// ```
    pub fn and_then<U: Send + 'static>(
        self,
        f: impl FnOnce(T) -> Future<U> + Send + 'static,
    ) -> Future<U> {
        self.derive(|outcome, promise, is_cancelled| match outcome {
            Ok(value) => follow(promise.run_link(|| f(value)), promise),
            Err(error) => promise.set_link(Err(error), is_cancelled),
        })
    }

    /// Gives a future of the future that `f(error)` returns; a value passes through.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, InlineExecutor, Promise};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// let retried = future.or_else(|_| InlineExecutor::new().spawn(|| 7));
    /// drop(promise);
    /// assert_eq!(retried.result().unwrap(), 7);
    /// ```
    pub fn or_else(self, f: impl FnOnce(Error) -> Self + Send + 'static) -> Self {
        self.derive(|outcome, promise, _| match outcome {
            Ok(value) => promise.set_link(Ok(value), false),
            Err(error) => follow(promise.run_link(|| f(error)), promise),
        })
    }

    /// Gives a future of the callable that `f` makes of the outcome, run as a new task on `executor`.
    ///
    /// `f` runs on the completing thread and should only build the callable.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{InlineExecutor, Promise};
    ///
    /// let (promise, future) = Promise::new();
    /// let doubled = future.then_on(&InlineExecutor::new(), |outcome| move || outcome.unwrap_or(0) * 2);
    /// promise.set_result(21).unwrap();
    /// assert_eq!(doubled.result().unwrap(), 42);
    /// ```
    pub fn then_on<E, C>(
        self,
        executor: &E,
        f: impl FnOnce(Result<T, Error>) -> C + Send + 'static,
    ) -> Future<C::Output>
    where
        E: Executor<C> + Clone + Send + 'static,
        C: Callable + 'static,
    {
        let executor = executor.clone();
        self.derive(move |outcome, promise, _| {
            follow(
                promise.run_link(|| executor.submit_now(f(outcome))),
                promise,
            )
        })
    }

    /// Makes a derived future; `link` gets the outcome, the promise to keep, and whether the source was cancelled, unless the
    /// derived future was cancelled meanwhile.
    fn derive<U: Send + 'static>(
        self,
        link: impl FnOnce(Result<T, Error>, Promise<U>, bool) -> Option<Next> + Send + 'static,
    ) -> Future<U> {
        let source: Weak<dyn Node> = Arc::downgrade(&self.node());
        let (promise, derived) = Promise::derived(vec![source]);
        let now = self
            .slot()
            .continue_with(Box::new(move |outcome, is_cancelled| {
                if promise.is_cancelled() {
                    unwind::contain("drop of an unwanted outcome", || drop((outcome, link)));
                    return None;
                }
                link(outcome, promise, is_cancelled)
            }));
        run_chain(now);
        derived
    }
}

impl<U: Send + 'static> Future<Future<U>> {
    /// Gives a future of the inner future's outcome.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, InlineExecutor};
    ///
    /// let executor = InlineExecutor::new();
    /// let nested = executor.spawn(move || executor.spawn(|| 7));
    /// assert_eq!(nested.flatten().result().unwrap(), 7);
    /// ```
    pub fn flatten(self) -> Future<U> {
        self.and_then(|inner| inner)
    }
}

/// Has `promise` follow `inner`, which it comes from now on: for waits, for circles and for cancelling.
fn follow<U: Send + 'static>(inner: Result<Future<U>, Error>, promise: Promise<U>) -> Option<Next> {
    let inner = match inner {
        Ok(inner) => inner,
        Err(error) => return promise.set_link(Err(error), false),
    };
    promise.follow(Arc::downgrade(&inner.node()));
    if promise.is_cancelled() {
        inner.cancel();
    }
    inner
        .slot()
        .continue_with(Box::new(move |outcome, is_cancelled| {
            promise.set_link(outcome, is_cancelled)
        }))
}
