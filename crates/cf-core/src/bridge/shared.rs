//! The awaitable face of a shared future: each clone gives a clone of the outcome.

use std::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
    task::{Context, Poll},
};

use crate::{
    done::Done,
    error::Error,
    node::{TaskKey, WatcherId},
    shared::SharedFuture,
    state::Phase,
};

/// The awaitable face of a [`SharedFuture`]; as often polled after the end as one likes.
///
/// # Cancellation
/// [`give_up`](Self::give_up) is for all awaitable clones; blocking clones of running work still get its outcome.
///
/// # Examples
/// ```
/// use std::task::{Context, Poll, Waker};
/// use cf_core::{Promise, bridge::SharedAwaited};
///
/// let (promise, future) = Promise::new();
/// let mut one = SharedAwaited::new(future.shared());
/// let mut other = one.clone();
/// promise.set_result(7).unwrap();
/// let mut context = Context::from_waker(Waker::noop());
/// assert!(matches!(one.poll(&mut context), Poll::Ready(Ok(7))));
/// assert!(matches!(other.poll(&mut context), Poll::Ready(Ok(7))));
/// ```
#[must_use = "dropping it detaches the task; its result and its error are then lost"]
pub struct SharedAwaited<T: Send + Sync + 'static> {
    shared: SharedFuture<T>,
    /// Given at the first poll that has to wait.
    key: Option<TaskKey>,
}

impl<T: Send + Sync + 'static> SharedAwaited<T> {
    /// Turns the blocking face into the awaitable one.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::SharedAwaited};
    ///
    /// let (promise, future) = Promise::new();
    /// promise.set_result(7).unwrap();
    /// assert!(SharedAwaited::new(future.shared()).is_done());
    /// ```
    pub fn new(shared: SharedFuture<T>) -> Self {
        Self { shared, key: None }
    }

    /// Gives a clone of the outcome.
    ///
    /// # Examples
    /// ```
    /// use std::task::{Context, Poll, Waker};
    /// use cf_core::{Promise, bridge::SharedAwaited};
    ///
    /// let (promise, future) = Promise::new();
    /// let mut awaited = SharedAwaited::new(future.shared());
    /// promise.set_result(7).unwrap();
    /// let mut context = Context::from_waker(Waker::noop());
    /// for _ in 0..2 {
    ///     assert!(matches!(awaited.poll(&mut context), Poll::Ready(Ok(7))));
    /// }
    /// ```
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Error>>
    where
        T: Clone,
    {
        self.poll_done(context)
            .map(|()| self.peek().unwrap_or(Err(Error::InvalidState)))
    }

    /// Ready once it has ended for those who await it.
    ///
    /// # Examples
    /// ```
    /// use std::task::{Context, Waker};
    /// use cf_core::{Promise, bridge::SharedAwaited};
    ///
    /// let (promise, future) = Promise::new();
    /// let mut awaited = SharedAwaited::new(future.shared());
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert!(awaited.poll_done(&mut context).is_pending());
    /// promise.set_result(7).unwrap();
    /// assert!(awaited.poll_done(&mut context).is_ready());
    /// ```
    pub fn poll_done(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.is_done() {
            return Poll::Ready(());
        }
        let key = *self.key.get_or_insert_with(|| self.shared.task_key());
        super::poll_end(&**self.shared.signal().slot(), key, context)
    }

    /// To be asked before `is_given_up`: what has ended is not given up any more.
    fn has_ended(&self) -> bool {
        self.shared.signal().done()
    }

    fn is_given_up(&self) -> bool {
        self.shared.signal().slot().is_abandoned()
    }

    /// Gives a clone of the outcome if it is there; `None` means not done.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::SharedAwaited};
    ///
    /// let (promise, future) = Promise::new();
    /// let awaited = SharedAwaited::new(future.shared());
    /// assert!(awaited.peek().is_none());
    /// promise.set_result(7).unwrap();
    /// assert_eq!(awaited.peek().unwrap().unwrap(), 7);
    /// ```
    pub fn peek(&self) -> Option<Result<T, Error>>
    where
        T: Clone,
    {
        let has_ended = self.has_ended();
        if self.is_given_up() {
            return Some(Err(Error::Cancelled));
        }
        has_ended.then(|| self.shared.outcome().clone())
    }

    /// Ends it for all who await it; true the first time, false if it had ended.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::SharedAwaited};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// let awaited = SharedAwaited::new(future.shared());
    /// assert!(awaited.give_up() && !awaited.give_up());
    /// assert!(promise.is_cancelled() && awaited.is_cancelled());
    /// ```
    pub fn give_up(&self) -> bool {
        if self.is_done() {
            return false;
        }
        self.shared.source().request_cancel();
        self.shared.signal().slot().abandon()
    }

    /// Tells whether it has ended for those who await it.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::SharedAwaited};
    ///
    /// let (_promise, future) = Promise::<u32>::new();
    /// assert!(!SharedAwaited::new(future.shared()).is_done());
    /// ```
    pub fn is_done(&self) -> bool {
        self.has_ended() || self.is_given_up()
    }

    /// Tells whether it was cancelled, or given up.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::SharedAwaited};
    ///
    /// let (_promise, future) = Promise::<u32>::new();
    /// assert!(!SharedAwaited::new(future.shared()).is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.shared.cancelled() || self.is_given_up()
    }

    /// Gives the error it ended with; `None` if it has not ended, or with a value.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Error, Promise, bridge::SharedAwaited};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// drop(promise);
    /// assert!(matches!(SharedAwaited::new(future.shared()).error(), Some(Error::BrokenPromise)));
    /// ```
    pub fn error(&self) -> Option<Error> {
        let has_ended = self.has_ended();
        if self.is_given_up() {
            return Some(Error::Cancelled);
        }
        has_ended
            .then(|| self.shared.outcome().as_ref().err().cloned())
            .flatten()
    }

    /// Calls `f` with how it ended; `None` if it has not ended.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::SharedAwaited};
    ///
    /// let (promise, future) = Promise::new();
    /// promise.set_result(7).unwrap();
    /// let awaited = SharedAwaited::new(future.shared());
    /// assert_eq!(awaited.look(|done| *done.result().unwrap()), Some(7));
    /// ```
    pub fn look<R>(&self, f: impl FnOnce(&Done<'_, T>) -> R) -> Option<R> {
        let has_ended = self.has_ended();
        if self.is_given_up() {
            return Some(f(&Done::new(&Err(Error::Cancelled), true)));
        }
        let is_cancelled = self.shared.source().phase() == Phase::Cancelled;
        has_ended.then(|| f(&Done::new(self.shared.outcome(), is_cancelled)))
    }

    /// The blocking face.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::SharedAwaited};
    ///
    /// let (promise, future) = Promise::new();
    /// promise.set_result(7).unwrap();
    /// assert_eq!(SharedAwaited::new(future.shared()).as_shared().result().unwrap(), 7);
    /// ```
    pub fn as_shared(&self) -> &SharedFuture<T> {
        &self.shared
    }
}

impl<T: Send + Sync + 'static> Clone for SharedAwaited<T> {
    fn clone(&self) -> Self {
        Self::new(self.shared.clone())
    }
}

/// Leaves no waker behind.
impl<T: Send + Sync + 'static> Drop for SharedAwaited<T> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.shared.signal().slot().unwatch(&WatcherId::Task(key));
        }
    }
}

impl<T: Send + Sync + 'static> fmt::Debug for SharedAwaited<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_given_up() {
            return f.write_str("<SharedAwaited cancelled>");
        }
        write!(f, "<SharedAwaited of {:?}>", self.shared)
    }
}

impl<T: Send + Sync + 'static> UnwindSafe for SharedAwaited<T> {}
impl<T: Send + Sync + 'static> RefUnwindSafe for SharedAwaited<T> {}
