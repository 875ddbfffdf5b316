//! An awaitable future that many may await.

use std::{
    fmt,
    future::Future,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use cf_core::{Done, Error, SharedFuture, bridge::SharedAwaited};

use crate::{
    callbacks::{CallbackId, Callbacks},
    delivery::{self, Told},
    handles,
    turn::Turn,
    unseen,
};

/// An awaitable future that can be cloned, and awaited any number of times, by any number of tasks.
///
/// This is how `asyncio.Future` behaves by default; here it is asked for with [`AioFuture::shared`](crate::AioFuture::shared),
/// because a value that is given twice must be cloned.
///
/// # Cancellation
/// [`cancel`](Self::cancel) is for all clones. When the last clone is dropped, what has not started is cancelled and the rest
/// asked to stop; not so where it was made of a blocking `SharedFuture`, whose clones may still want the outcome.
///
/// # Examples
/// ```
/// let (promise, future) = aio_bridge::future();
/// let mut shared = future.shared();
/// promise.set_result(7).unwrap();
/// let twice = async { ((&mut shared).await.unwrap(), shared.await.unwrap()) };
/// assert_eq!(futures::executor::block_on(twice), (7, 7));
/// ```
#[must_use = "dropping the last one cancels what has not started; await it"]
pub struct SharedAioFuture<T: Send + Sync + 'static> {
    awaited: SharedAwaited<T>,
    common: Arc<Common<T>>,
    turn: Turn,
    told: Told,
}

/// What the clones have in common.
struct Common<T: Send + Sync + 'static> {
    callbacks: Callbacks<T>,
    future: SharedAwaited<T>,
    is_seen: AtomicBool,
    cancels_on_drop: bool,
}

impl<T: Send + Sync + 'static> SharedAioFuture<T> {
    /// The heir of an awaitable future: of its callbacks, and of whether somebody has looked at it.
    pub(crate) fn new(
        shared: SharedFuture<T>,
        callbacks: Option<&Callbacks<T>>,
        is_seen: bool,
    ) -> Self {
        let awaited = SharedAwaited::new(shared);
        let callbacks = callbacks.map(|older| older.moved_to(|| awaited.clone()));
        let common = Common {
            callbacks: callbacks.unwrap_or_else(Callbacks::new),
            future: awaited.clone(),
            is_seen: AtomicBool::new(is_seen),
            cancels_on_drop: true,
        };
        Self::over(awaited, common)
    }

    /// One beside blocking clones, which may want the outcome when the awaiting ones are gone.
    pub(crate) fn beside(shared: SharedFuture<T>) -> Self {
        let awaited = SharedAwaited::new(shared);
        let common = Common {
            callbacks: Callbacks::new(),
            future: awaited.clone(),
            is_seen: AtomicBool::new(false),
            cancels_on_drop: false,
        };
        Self::over(awaited, common)
    }

    fn over(awaited: SharedAwaited<T>, common: Common<T>) -> Self {
        handles::note::<Self>();
        Self {
            awaited,
            common: Arc::new(common),
            turn: Turn::default(),
            told: Told::default(),
        }
    }

    pub(crate) fn awaited(&self) -> &SharedAwaited<T> {
        &self.awaited
    }

    fn see(&self) {
        self.common.is_seen.store(true, Ordering::Relaxed);
    }

    /// As [`AioFuture::done`](crate::AioFuture::done).
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = aio_bridge::future::<u32>();
    /// let shared = future.shared();
    /// assert!(!shared.done());
    /// promise.set_result(7).unwrap();
    /// assert!(shared.done());
    /// ```
    pub fn done(&self) -> bool {
        self.awaited.is_done()
    }

    /// As [`AioFuture::cancelled`](crate::AioFuture::cancelled).
    ///
    /// # Examples
    /// ```
    /// let (_promise, future) = aio_bridge::future::<u32>();
    /// assert!(!future.shared().cancelled());
    /// ```
    pub fn cancelled(&self) -> bool {
        self.awaited.is_cancelled()
    }

    /// Cancels it for all clones; as [`AioFuture::cancel`](crate::AioFuture::cancel) otherwise.
    ///
    /// # Examples
    /// ```
    /// let (_promise, future) = aio_bridge::future::<u32>();
    /// let shared = future.shared();
    /// let other = shared.clone();
    /// assert!(shared.cancel() && other.cancelled() && !other.cancel());
    /// ```
    pub fn cancel(&self) -> bool {
        self.awaited.give_up()
    }

    /// Gives a clone of the outcome now. Never blocks.
    ///
    /// # Errors
    /// How it failed; [`Error::Cancelled`]; [`Error::InvalidState`] while it is pending.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = aio_bridge::future();
    /// let shared = future.shared();
    /// promise.set_result(7).unwrap();
    /// assert_eq!((shared.result().unwrap(), shared.result().unwrap()), (7, 7));
    /// ```
    pub fn result(&self) -> Result<T, Error>
    where
        T: Clone,
    {
        let outcome = self.awaited.peek();
        if outcome.is_some() {
            self.see();
        }
        outcome.unwrap_or(Err(Error::InvalidState))
    }

    /// As [`AioFuture::exception`](crate::AioFuture::exception).
    ///
    /// # Errors
    /// [`Error::Cancelled`] if it was cancelled; [`Error::InvalidState`] while it is pending.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = aio_bridge::future();
    /// let shared = future.shared();
    /// promise.set_result(7).unwrap();
    /// assert!(shared.exception().unwrap().is_none());
    /// ```
    pub fn exception(&self) -> Result<Option<Error>, Error> {
        if self.cancelled() {
            return Err(Error::Cancelled);
        }
        if !self.done() {
            return Err(Error::InvalidState);
        }
        self.see();
        Ok(self.awaited.error())
    }

    /// Looks at the outcome; `None` while it is pending.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = aio_bridge::future();
    /// let shared = future.shared();
    /// promise.set_result("tea".to_owned()).unwrap();
    /// assert_eq!(shared.peek(|outcome| outcome.unwrap().len()), Some(3));
    /// ```
    pub fn peek<R>(&self, f: impl FnOnce(Result<&T, &Error>) -> R) -> Option<R> {
        let seen = self.awaited.look(|done| f(done.result()));
        if seen.is_some() {
            self.see();
        }
        seen
    }

    /// As [`AioFuture::add_done_callback`](crate::AioFuture::add_done_callback); who awaits may be faster than the callback.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let (promise, future) = aio_bridge::future();
    /// let shared = future.shared();
    /// let (tell, told) = tokio::sync::oneshot::channel();
    /// shared.add_done_callback(move |done| tell.send(*done.result().unwrap()).unwrap());
    /// promise.set_result(7).unwrap();
    /// assert_eq!(told.await, Ok(7));
    /// # }
    /// ```
    #[track_caller]
    pub fn add_done_callback(&self, f: impl FnOnce(&Done<'_, T>) + Send + 'static) -> CallbackId {
        self.common
            .callbacks
            .add(Box::new(f), || self.awaited.clone())
    }

    /// As [`AioFuture::remove_done_callback`](crate::AioFuture::remove_done_callback).
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let (_promise, future) = aio_bridge::future::<u32>();
    /// let shared = future.shared();
    /// let id = shared.add_done_callback(|_| unreachable!());
    /// assert!(shared.clone().remove_done_callback(id));
    /// # }
    /// ```
    pub fn remove_done_callback(&self, id: CallbackId) -> bool {
        self.common.callbacks.remove(id)
    }
}

impl<T: Clone + Send + Sync + 'static> Future for SharedAioFuture<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.told.hears() {
            this.awaited.give_up();
        }
        let polled = if this.awaited.is_done() && this.turn.has_to_give_way(context) {
            Poll::Pending
        } else {
            this.awaited.poll(context)
        };
        let outcome = ready!(delivery::answer(polled));
        this.see();
        Poll::Ready(outcome)
    }
}

impl<T: Send + Sync + 'static> Clone for SharedAioFuture<T> {
    fn clone(&self) -> Self {
        Self {
            awaited: self.awaited.clone(),
            common: Arc::clone(&self.common),
            turn: Turn::default(),
            told: Told::default(),
        }
    }
}

/// The last clone is gone.
impl<T: Send + Sync + 'static> Drop for Common<T> {
    fn drop(&mut self) {
        if !self.future.is_done() {
            if self.cancels_on_drop {
                self.future.as_shared().request_cancel();
            }
        } else if !*self.is_seen.get_mut()
            && self.cancels_on_drop
            && !self.future.is_cancelled()
            && let Some(error) = self.future.error()
        {
            unseen::report("future", &error);
        }
    }
}

impl<T: Send + Sync + 'static> fmt::Debug for SharedAioFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<SharedAioFuture over {:?}>", self.awaited)
    }
}

impl<T: Send + Sync + 'static> UnwindSafe for SharedAioFuture<T> {}
impl<T: Send + Sync + 'static> RefUnwindSafe for SharedAioFuture<T> {}
