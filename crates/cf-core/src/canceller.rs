//! The handle that can cancel a future and nothing else.

use std::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
};

use crate::{future::fmt_node, node::Node};

/// Cancels a future from anywhere; does not keep its task from running, nor its value from being taken.
///
/// # Examples
/// ```
/// use cf_core::{Error, Promise};
///
/// let (promise, future) = Promise::<u32>::new();
/// let canceller = future.canceller();
/// std::thread::spawn(move || canceller.cancel());
/// assert!(matches!(future.result(), Err(Error::Cancelled)));
/// # drop(promise);
/// ```
#[derive(Clone)]
pub struct Canceller(Arc<dyn Node>);

impl Canceller {
    pub(crate) fn new(node: Arc<dyn Node>) -> Self {
        Self(node)
    }

    /// As [`Future::cancel`](crate::Future::cancel).
    ///
    /// # Examples
    /// ```
    /// let (_promise, future) = cf_core::Promise::<u32>::new();
    /// assert!(future.canceller().cancel());
    /// assert!(future.cancelled());
    /// ```
    pub fn cancel(&self) -> bool {
        self.0.cancel()
    }

    /// As [`Future::request_cancel`](crate::Future::request_cancel).
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = cf_core::Promise::<u32>::new();
    /// promise.set_running_or_notify_cancel();
    /// let canceller = future.canceller();
    /// assert!(!canceller.cancel() && canceller.request_cancel());
    /// ```
    pub fn request_cancel(&self) -> bool {
        self.0.request_cancel()
    }

    /// As [`Future::cancelled`](crate::Future::cancelled).
    ///
    /// # Examples
    /// ```
    /// let (_promise, future) = cf_core::Promise::<u32>::new();
    /// let canceller = future.canceller();
    /// assert!(!canceller.cancelled());
    /// future.cancel();
    /// assert!(canceller.cancelled());
    /// ```
    pub fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// As [`Future::done`](crate::Future::done).
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = cf_core::Promise::new();
    /// let canceller = future.canceller();
    /// assert!(!canceller.done());
    /// promise.set_result(7).unwrap();
    /// assert!(canceller.done() && future.result().is_ok());
    /// ```
    pub fn done(&self) -> bool {
        self.0.is_done()
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_node(f, "Canceller", &*self.0, "a value")
    }
}

impl UnwindSafe for Canceller {}
impl RefUnwindSafe for Canceller {}
