//! Refusing to block where blocking would stall an event loop: a mark on the thread, set around each poll.

use std::{cell::Cell, marker::PhantomData};

use crate::sync::thread_local;

thread_local! {
    static REFUSING: Cell<bool> = const { Cell::new(false) };
}

/// Sets whether blocking calls are refused on this thread, until it is dropped.
///
/// # Examples
/// ```
/// use cf_core::{BlockingGuard, Error, Promise};
///
/// let (promise, future) = Promise::<u32>::new();
/// let _in_a_poll = BlockingGuard::refuse();
/// assert!(matches!(future.result(), Err(Error::EventLoopBlocked)));
/// # drop(promise);
/// ```
#[derive(Debug)]
#[must_use = "the guard ends where it is dropped"]
pub struct BlockingGuard {
    previous: bool,
    thread_bound: PhantomData<*const ()>,
}

impl BlockingGuard {
    /// From here on blocking calls on pending futures fail with [`Error::EventLoopBlocked`](crate::Error::EventLoopBlocked).
    ///
    /// # Examples
    /// ```
    /// use cf_core::{BlockingGuard, is_blocking_refused};
    ///
    /// let guard = BlockingGuard::refuse();
    /// assert!(is_blocking_refused());
    /// drop(guard);
    /// assert!(!is_blocking_refused());
    /// ```
    pub fn refuse() -> Self {
        Self::set(true)
    }

    /// From here on blocking calls are allowed again: for a section that told the event loop that it will block.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{BlockingGuard, is_blocking_refused};
    ///
    /// let _in_a_poll = BlockingGuard::refuse();
    /// let _section = BlockingGuard::allow();
    /// assert!(!is_blocking_refused());
    /// ```
    pub fn allow() -> Self {
        Self::set(false)
    }

    fn set(refuse: bool) -> Self {
        Self {
            previous: REFUSING.with(|refusing| refusing.replace(refuse)),
            thread_bound: PhantomData,
        }
    }
}

impl Drop for BlockingGuard {
    fn drop(&mut self) {
        REFUSING.with(|refusing| refusing.set(self.previous));
    }
}

/// Tells whether a blocking call would be refused on this thread.
///
/// # Examples
/// ```
/// assert!(!cf_core::is_blocking_refused());
/// ```
pub fn is_blocking_refused() -> bool {
    REFUSING.try_with(Cell::get).unwrap_or(false)
}
