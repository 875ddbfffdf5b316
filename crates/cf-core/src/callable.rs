//! What an executor runs: any closure, or a value that knows how to call itself.

use crate::error::{BoxError, Error};

/// Work that can be called once, on any thread.
///
/// Every closure without arguments is one; [`fallible`] makes one of a closure that returns a `Result`.
///
/// # Examples
/// ```
/// use cf_core::{Callable, Error};
///
/// struct Greet(&'static str);
///
/// impl Callable for Greet {
///     type Output = String;
///
///     fn call(self) -> Result<String, Error> {
///         Ok(format!("hello, {}", self.0))
///     }
/// }
///
/// assert_eq!(Greet("world").call().unwrap(), "hello, world");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something an executor can run",
    label = "neither a closure without arguments nor a `Callable`",
    note = "pass a closure that takes no arguments and is `Send` (use `move` to capture them): `submit(move || f(x))`",
    note = "a coroutine runs on a loop: `aio_bridge::create_task` starts it there, `aio_bridge::run_coroutine_threadsafe` does so from a thread",
    note = "a future is no work to be run: a blocking one is awaited through `aio_bridge::wrap_future`, an awaitable one as it is"
)]
pub trait Callable: Send {
    /// What the future of the call gives.
    type Output: Send;

    /// Makes the call.
    ///
    /// # Errors
    /// How the call failed; stored in its future.
    fn call(self) -> Result<Self::Output, Error>;
}

impl<F, T> Callable for F
where
    F: Closure<Output = T> + Send,
    T: Send,
{
    type Output = T;

    fn call(self) -> Result<T, Error> {
        Ok(self.run())
    }
}

/// A closure without arguments, and nothing else: other work implements [`Callable`] itself.
///
/// # Examples
/// ```
/// use cf_core::{Callable, Closure};
///
/// fn later<T: Send>(f: impl Closure<Output = T> + Send) -> impl Callable<Output = T> {
///     f
/// }
///
/// assert_eq!(later(|| 7).call().unwrap(), 7);
/// ```
// The words are those of `Callable`: rustc looks at one or the other, as the call is written.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something an executor can run",
    label = "neither a closure without arguments nor a `Callable`",
    note = "pass a closure that takes no arguments and is `Send` (use `move` to capture them): `submit(move || f(x))`",
    note = "a coroutine runs on a loop: `aio_bridge::create_task` starts it there, `aio_bridge::run_coroutine_threadsafe` does so from a thread",
    note = "a future is no work to be run: a blocking one is awaited through `aio_bridge::wrap_future`, an awaitable one as it is"
)]
pub trait Closure {
    /// What it returns.
    type Output;

    /// Calls it.
    fn run(self) -> Self::Output;
}

#[diagnostic::do_not_recommend]
impl<F: FnOnce() -> T, T> Closure for F {
    type Output = T;

    fn run(self) -> T {
        self()
    }
}

/// A closure whose `Err` is the failure of its future; made by [`fallible`].
///
/// # Examples
/// ```
/// use cf_core::{Callable, fallible};
///
/// assert_eq!(fallible(|| "7".parse::<u8>()).call().unwrap(), 7);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Fallible<F>(F);

/// Makes a callable of a closure that returns a `Result`: its `Err` becomes the future's [`Error::Raised`].
///
/// An `Err` that is an [`Error`] stays itself. This is how a Python function that raises is written.
///
/// # Examples
/// ```
/// use cf_core::{BoxError, ClosureExecutor, InlineExecutor, fallible};
///
/// let port = InlineExecutor::new().spawn(fallible(|| "80".parse::<u16>()));
/// assert_eq!(port.result().unwrap(), 80);
///
/// let mixed = InlineExecutor::new().spawn(fallible(|| -> Result<u16, BoxError> {
///     let text = String::from_utf8(vec![0x38])?;
///     Ok(text.parse()?)
/// }));
/// assert_eq!(mixed.result().unwrap(), 8);
/// ```
pub fn fallible<F, T, E>(f: F) -> Fallible<F>
where
    F: FnOnce() -> Result<T, E>,
    E: Into<BoxError>,
{
    Fallible(f)
}

impl<F, T, E> Callable for Fallible<F>
where
    F: FnOnce() -> Result<T, E> + Send,
    T: Send,
    E: Into<BoxError>,
{
    type Output = T;

    fn call(self) -> Result<T, Error> {
        (self.0)().map_err(|error| Error::from_box(error.into()))
    }
}
