//! The producing side of an awaitable future.

use std::{fmt, future::poll_fn};

use cf_core::{BoxError, Error, InvalidState, Promise};

use crate::future::AioFuture;

/// The side of an awaitable future that is written, once, from any thread.
///
/// Dropped unfulfilled, its future fails with [`Error::BrokenPromise`]. Setting it wakes the loop from whatever thread, which
/// `asyncio.Future.set_result` does not.
///
/// # Examples
/// ```
/// let (promise, future) = aio_bridge::future();
/// std::thread::spawn(move || promise.set_result(42));
/// assert_eq!(futures::executor::block_on(future).unwrap(), 42);
/// ```
pub struct AioPromise<T: Send + 'static>(Promise<T>);

/// Makes a pending awaitable future and its promise. Follows `loop.create_future`.
///
/// # Examples
/// ```
/// let (promise, future) = aio_bridge::future();
/// promise.set_result(7).unwrap();
/// assert_eq!(futures::executor::block_on(future).unwrap(), 7);
/// ```
#[track_caller]
pub fn future<T: Send + 'static>() -> (AioPromise<T>, AioFuture<T>) {
    let (promise, future) = Promise::new();
    (AioPromise(promise), AioFuture::new(future))
}

impl<T: Send + 'static> AioPromise<T> {
    /// Fulfils the promise with a value.
    ///
    /// # Errors
    /// [`InvalidState`] with the value if the future was cancelled before.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = aio_bridge::future();
    /// future.cancel();
    /// assert_eq!(promise.set_result(7).unwrap_err().into_inner(), 7);
    /// ```
    pub fn set_result(self, value: T) -> Result<(), InvalidState<T>> {
        self.0.set_result(value)
    }

    /// Fulfils the promise with a failure; an error of type [`Error`] is stored as itself.
    ///
    /// # Errors
    /// [`InvalidState`] with the error if the future was cancelled before.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = aio_bridge::future::<u32>();
    /// promise.set_exception("out of paper").unwrap();
    /// let error = futures::executor::block_on(future).unwrap_err();
    /// assert_eq!(error.to_string(), "out of paper");
    /// ```
    pub fn set_exception(self, error: impl Into<BoxError>) -> Result<(), InvalidState<Error>> {
        self.0.set_exception(error)
    }

    /// Tells whether the future was cancelled or dropped: nobody wants the value.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = aio_bridge::future::<u32>();
    /// assert!(!promise.is_cancelled());
    /// drop(future);
    /// assert!(promise.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until nobody wants the value any more.
    ///
    /// # Examples
    /// ```
    /// let (mut promise, future) = aio_bridge::future::<u32>();
    /// std::thread::spawn(move || drop(future));
    /// futures::executor::block_on(promise.cancelled());
    /// ```
    pub async fn cancelled(&mut self) {
        poll_fn(|context| self.0.poll_cancelled(context)).await;
    }
}

impl<T: Send + 'static> fmt::Debug for AioPromise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AioPromise")
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}
