//! What can be made a task: any future, and one whose `Err` is to be the task's own failure.

use std::{fmt, future::Future};

use cf_core::{BoxError, Error};

/// What a task runs: any future, or a [`Fallible`] one. The asynchronous twin of [`Callable`](cf_core::Callable).
///
/// # Examples
/// ```
/// use aio_bridge::{Coroutine, Task, create_task};
///
/// fn start<C>(coroutine: C) -> Task<C::Output>
/// where
///     C: Coroutine,
///     C::Body: Send + 'static,
/// {
///     create_task(coroutine)
/// }
///
/// assert_eq!(aio_bridge::run(async { start(async { 7 }).await }).unwrap().unwrap(), 7);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a coroutine",
    label = "only a std future whose output is `Send` can be run as a task",
    note = "a blocking future is made awaitable by `aio_bridge::wrap_future`, a closure is run by `aio_bridge::to_thread` or `run_in_executor`",
    note = "what is only awaitable (`IntoFuture`) is made a std future by its `into_future()`"
)]
pub trait Coroutine: sealed::Sealed {
    /// The task's value.
    type Output: Send + 'static;
    /// The future that is polled.
    type Body: Future;

    #[doc(hidden)]
    fn into_body(self) -> Self::Body;

    #[doc(hidden)]
    fn outcome(output: <Self::Body as Future>::Output) -> Result<Self::Output, Error>;
}

mod sealed {
    //! Keeps the trait ours.

    pub trait Sealed {}
}

#[diagnostic::do_not_recommend]
impl<F: Future> sealed::Sealed for F {}

#[diagnostic::do_not_recommend]
impl<F, T> Coroutine for F
where
    F: Future<Output = T>,
    T: Send + 'static,
{
    type Output = T;
    type Body = F;

    fn into_body(self) -> F {
        self
    }

    fn outcome(output: T) -> Result<T, Error> {
        Ok(output)
    }
}

/// Makes the coroutine's `Err` the failure of its task; the asynchronous twin of [`cf_core::fallible`].
///
/// Without it a `Result` is a value like any other, and nothing is flattened.
///
/// # Examples
/// ```
/// use aio_bridge::{Error, create_task, fallible, run};
///
/// let outcome = run(async {
///     create_task(fallible(async { "x".parse::<i32>() })).await
/// });
/// assert!(matches!(outcome.unwrap(), Err(Error::Raised(_))));
/// ```
pub fn fallible<F, T, E>(coroutine: F) -> Fallible<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    Fallible(coroutine)
}

/// What [`fallible`] gives.
#[must_use = "coroutines do nothing unless made a task"]
pub struct Fallible<F>(F);

impl<F> sealed::Sealed for Fallible<F> {}

impl<F, T, E> Coroutine for Fallible<F>
where
    F: Future<Output = Result<T, E>>,
    T: Send + 'static,
    E: Into<BoxError>,
{
    type Output = T;
    type Body = F;

    fn into_body(self) -> F {
        self.0
    }

    fn outcome(output: Result<T, E>) -> Result<T, Error> {
        output.map_err(|error| Error::from_box(error.into()))
    }
}

impl<F> fmt::Debug for Fallible<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fallible").finish_non_exhaustive()
    }
}
