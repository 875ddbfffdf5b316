//! What a done callback sees: the outcome of its future, lent for the time of the call.

use std::fmt;

use crate::error::Error;

/// The outcome of a future, as its done callbacks see it.
///
/// Python hands the future itself to a callback; here the callback borrows what the future holds, so that the value can
/// still be moved out by `result` afterwards.
///
/// # Examples
/// ```
/// use cf_core::Promise;
///
/// let (promise, future) = Promise::new();
/// future.add_done_callback(|done| {
///     assert_eq!(done.result().unwrap(), &7);
///     assert!(done.exception().is_none() && !done.cancelled());
/// });
/// promise.set_result(7).unwrap();
/// assert_eq!(future.result().unwrap(), 7);
/// ```
pub struct Done<'a, T> {
    outcome: &'a Result<T, Error>,
    cancelled: bool,
}

impl<'a, T> Done<'a, T> {
    pub(crate) fn new(outcome: &'a Result<T, Error>, cancelled: bool) -> Self {
        Self { outcome, cancelled }
    }

    /// Gives the value or the error; never blocks.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// future.add_done_callback(|done| assert_eq!(done.result().unwrap(), &7));
    /// promise.set_result(7).unwrap();
    /// ```
    pub fn result(&self) -> Result<&'a T, &'a Error> {
        self.outcome.as_ref()
    }

    /// Gives the error, or `None` for a success.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// future.add_done_callback(|done| assert!(done.exception().is_none()));
    /// promise.set_result(7).unwrap();
    /// ```
    pub fn exception(&self) -> Option<&'a Error> {
        self.outcome.as_ref().err()
    }

    /// Tells whether the future was cancelled.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Promise;
    ///
    /// let (promise, future) = Promise::new();
    /// future.add_done_callback(|done| assert!(!done.cancelled()));
    /// promise.set_result(7).unwrap();
    /// ```
    pub fn cancelled(&self) -> bool {
        self.cancelled
    }
}

impl<T> fmt::Debug for Done<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = self.outcome.as_ref().map(|_| std::any::type_name::<T>());
        f.debug_struct("Done")
            .field("outcome", &outcome)
            .field("cancelled", &self.cancelled)
            .finish()
    }
}
