//! The awaitable face of a promise: the one handle that gets its outcome by awaiting.

use std::{
    fmt,
    future::{Future, poll_fn},
    hash::{Hash, Hasher},
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    sync::OnceLock,
    task::{Context, Poll, ready},
};

use cf_core::{
    Done, Error, Promise,
    bridge::{Awaited, AwaitedCanceller},
};

use crate::{
    callbacks::{CallbackId, Callbacks},
    delivery::{self, Told},
    shared::SharedAioFuture,
    turn::Turn,
    unseen,
};

/// A future that tasks await: the counterpart of `asyncio.Future`, on the same cell as the blocking
/// [`cf_core::Future`].
///
/// It is the only reader, so awaiting moves the value out; [`shared`](Self::shared) makes one that can be cloned. Polling it
/// needs no particular runtime. A failure that nobody looked at is reported once, as a `tracing` event, when it is dropped.
///
/// # Cancellation
/// [`cancel`](Self::cancel) always wins while it is pending: its reader sees [`Error::Cancelled`] at once, also where a thread
/// runs the work, which is asked to stop ([`checkpoint`](cf_core::checkpoint)) and whose late outcome is dropped. Dropping it
/// cancels what has not started and asks the rest to stop; [`detach`](Self::detach) lets it go instead.
///
/// # Examples
/// ```
/// let (promise, future) = aio_bridge::future();
/// std::thread::spawn(move || promise.set_result(6 * 7));
/// assert_eq!(futures::executor::block_on(future).unwrap(), 42);
/// ```
#[must_use = "dropping it cancels what has not started; await it, or detach it"]
pub struct AioFuture<T: Send + 'static> {
    /// Gone once this handle has been turned into another.
    awaited: Option<Awaited<T>>,
    callbacks: OnceLock<Box<Callbacks<T>>>,
    is_seen: bool,
    turn: Turn,
    told: Told,
}

impl<T: Send + 'static> AioFuture<T> {
    pub(crate) fn new(future: cf_core::Future<T>) -> Self {
        Self {
            awaited: Some(Awaited::new(future)),
            callbacks: OnceLock::new(),
            is_seen: false,
            turn: Turn::default(),
            told: Told::default(),
        }
    }

    /// One that has failed already.
    pub(crate) fn failed(error: Error) -> Self {
        let (promise, future) = Promise::new();
        drop(promise.set_exception(error));
        Self::new(future)
    }

    pub(crate) fn awaited(&self) -> &Awaited<T> {
        let Some(awaited) = &self.awaited else {
            unreachable!("only taken by value or by drop")
        };
        awaited
    }

    fn awaited_mut(&mut self) -> &mut Awaited<T> {
        let Some(awaited) = &mut self.awaited else {
            unreachable!("only taken by value or by drop")
        };
        awaited
    }

    /// Lets it go, and nobody will be told how it ends.
    pub(crate) fn forget(mut self) {
        self.awaited.take();
    }

    /// Its failure will be told by somebody else.
    pub(crate) fn mark_seen(&mut self) {
        self.is_seen = true;
    }

    /// Tells whether it has ended: with a value, an error or a cancellation.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = aio_bridge::future();
    /// assert!(!future.done());
    /// promise.set_result(7).unwrap();
    /// assert!(future.done());
    /// ```
    pub fn done(&self) -> bool {
        self.awaited().is_done()
    }

    /// Tells whether it was cancelled.
    ///
    /// # Examples
    /// ```
    /// let (_promise, future) = aio_bridge::future::<u32>();
    /// assert!(!future.cancelled());
    /// future.cancel();
    /// assert!(future.cancelled());
    /// ```
    pub fn cancelled(&self) -> bool {
        self.awaited().is_cancelled()
    }

    /// Cancels it; true the first time, false if it has ended in any way.
    ///
    /// The source is cancelled with it if it has not started, and asked to stop if it runs.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = aio_bridge::future::<u32>();
    /// assert!(future.cancel() && !future.cancel());
    /// assert!(promise.is_cancelled());
    /// ```
    pub fn cancel(&self) -> bool {
        self.awaited().give_up()
    }

    /// Gives the value now. Never waits for the work; a done callback that has not run yet sees
    /// [`Error::InvalidState`] then, which awaiting does not do to it.
    ///
    /// # Errors
    /// How it failed; [`Error::Cancelled`]; [`Error::InvalidState`] while it is pending, and after the value was handed out.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::Error;
    ///
    /// let (promise, mut future) = aio_bridge::future();
    /// assert!(matches!(future.result(), Err(Error::InvalidState)));
    /// promise.set_result(7).unwrap();
    /// assert_eq!(future.result().unwrap(), 7);
    /// ```
    pub fn result(&mut self) -> Result<T, Error> {
        if self.done() {
            self.is_seen = true;
        }
        self.awaited_mut()
            .try_take()
            .unwrap_or(Err(Error::InvalidState))
    }

    /// Gives the error it failed with, or `None` for a success. Never blocks.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if it was cancelled; [`Error::InvalidState`] while it is pending.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::Error;
    ///
    /// let (promise, mut future) = aio_bridge::future::<u32>();
    /// assert!(matches!(future.exception(), Err(Error::InvalidState)));
    /// promise.set_exception("out of paper").unwrap();
    /// assert!(matches!(future.exception(), Ok(Some(Error::Raised(_)))));
    /// ```
    pub fn exception(&mut self) -> Result<Option<Error>, Error> {
        if self.cancelled() {
            return Err(Error::Cancelled);
        }
        if !self.done() {
            return Err(Error::InvalidState);
        }
        self.is_seen = true;
        Ok(self.awaited().error())
    }

    /// Looks at the outcome without taking it; `None` while it is pending.
    ///
    /// # Examples
    /// ```
    /// let (promise, mut future) = aio_bridge::future();
    /// assert!(future.peek(|_| ()).is_none());
    /// promise.set_result("tea".to_owned()).unwrap();
    /// assert_eq!(future.peek(|outcome| outcome.unwrap().len()), Some(3));
    /// ```
    pub fn peek<R>(&mut self, f: impl FnOnce(Result<&T, &Error>) -> R) -> Option<R> {
        let seen = self.awaited().observer().look(|done| f(done.result()));
        self.is_seen |= seen.is_some();
        seen
    }

    /// Has `f` called on the loop when it has ended: later, also if that has come, and never inside this call.
    ///
    /// Callbacks run once each, in the order in which they were added, and before the value is handed out to who awaits it. A
    /// panic in one is reported as a `tracing` event and goes no further, and a blocking call on a pending future is refused
    /// there, as in a task. If the loop ends first, they are dropped; while the loop exists and nobody drives it, who awaits
    /// the future elsewhere waits for them.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let (promise, future) = aio_bridge::future();
    /// let (tell, told) = std::sync::mpsc::channel();
    /// future.add_done_callback(move |done| tell.send(*done.result().unwrap()).unwrap());
    /// promise.set_result(7).unwrap();
    /// assert!(told.try_recv().is_err());
    /// future.await.unwrap();
    /// assert_eq!(told.try_recv(), Ok(7));
    /// # }
    /// ```
    #[track_caller]
    pub fn add_done_callback(&self, f: impl FnOnce(&Done<'_, T>) + Send + 'static) -> CallbackId {
        self.callbacks
            .get_or_init(|| Box::new(Callbacks::new()))
            .add(Box::new(f), || self.awaited().observer())
    }

    /// Removes a callback that has not been called; false if it has, or was removed before.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let (_promise, future) = aio_bridge::future::<u32>();
    /// let id = future.add_done_callback(|_| unreachable!());
    /// assert!(future.remove_done_callback(id) && !future.remove_done_callback(id));
    /// # }
    /// ```
    pub fn remove_done_callback(&self, id: CallbackId) -> bool {
        self.callbacks
            .get()
            .is_some_and(|callbacks| callbacks.remove(id))
    }

    /// Gives a handle that can cancel it from elsewhere, while this one is being awaited.
    ///
    /// # Examples
    /// ```
    /// let (_promise, future) = aio_bridge::future::<u32>();
    /// let canceller = future.canceller();
    /// assert!(canceller.cancel() && future.cancelled());
    /// ```
    pub fn canceller(&self) -> AioCanceller {
        AioCanceller(self.awaited().canceller())
    }

    /// Asks the work to stop, waits until it really has, and gives how it ended.
    ///
    /// What [`cancel`](Self::cancel) leaves behind is waited for as well.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if it was stopped; otherwise how it ended in spite of that.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{Error, run, run_in_executor};
    /// use cf_core::{checkpoint, fallible};
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// let outcome = run(async {
    ///     let endless = run_in_executor(&pool, fallible(|| -> Result<(), Error> {
    ///         loop {
    ///             checkpoint()?;
    ///             std::thread::yield_now();
    ///         }
    ///     }));
    ///     endless.cancel_and_wait().await
    /// });
    /// assert!(matches!(outcome.unwrap(), Err(Error::Cancelled)));
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub async fn cancel_and_wait(mut self) -> Result<T, Error> {
        self.awaited().request_cancel();
        poll_fn(|context| {
            let outcome = ready!(self.awaited_mut().poll_stopped(context));
            self.is_seen = true;
            Poll::Ready(outcome)
        })
        .await
    }

    /// Lets it go: the work runs to its end, and only a failure is heard of, as a `tracing` event.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{run, run_in_executor};
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1)?;
    /// let (tell, told) = std::sync::mpsc::channel();
    /// run(async { run_in_executor(&pool, move || tell.send(7).unwrap()).detach() }).unwrap();
    /// assert_eq!(told.recv(), Ok(7));
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn detach(self) {
        self.let_go("future");
    }

    /// As `detach`; `what` is how a failure is spoken of.
    pub(crate) fn let_go(mut self, what: &'static str) {
        let Some(awaited) = self.awaited.take() else {
            unreachable!("only taken by value or by drop")
        };
        if self.is_seen || awaited.is_cancelled() {
            return;
        }
        awaited
            .into_future()
            .add_done_callback(move |done| unseen::report_end(what, done));
    }

    /// Makes a future that can be cloned and awaited any number of times.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = aio_bridge::future();
    /// let shared = future.shared();
    /// let other = shared.clone();
    /// promise.set_result(7).unwrap();
    /// let both = async { (shared.await.unwrap(), other.await.unwrap()) };
    /// assert_eq!(futures::executor::block_on(both), (7, 7));
    /// ```
    pub fn shared(mut self) -> SharedAioFuture<T>
    where
        T: Sync,
    {
        let Some(awaited) = self.awaited.take() else {
            unreachable!("only taken by value or by drop")
        };
        let was_cancelled = awaited.is_cancelled();
        let callbacks = self.callbacks.take();
        let shared = SharedAioFuture::new(
            awaited.into_future().shared(),
            callbacks.as_deref(),
            self.is_seen,
        );
        if was_cancelled {
            shared.cancel();
        }
        shared
    }
}

impl<T: Send + 'static> Future for AioFuture<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(awaited) = &mut this.awaited else {
            return Poll::Ready(Err(Error::InvalidState));
        };
        if this.told.hears() {
            awaited.give_up();
        }
        let is_looked_at = this
            .callbacks
            .get()
            .is_some_and(|callbacks| callbacks.poll_idle(context).is_pending());
        let has_to_wait = is_looked_at || (awaited.is_done() && this.turn.has_to_give_way(context));
        let polled = if has_to_wait {
            Poll::Pending
        } else if this.turn.lasts() {
            awaited.poll(context)
        } else {
            awaited.poll_without_looking(context)
        };
        let outcome = ready!(delivery::answer(polled));
        this.is_seen = true;
        Poll::Ready(outcome)
    }
}

impl<T: Send + 'static> Drop for AioFuture<T> {
    fn drop(&mut self) {
        let Some(awaited) = self.awaited.take() else {
            return;
        };
        if !awaited.is_done() {
            awaited.request_cancel();
        } else if !self.is_seen
            && !awaited.is_cancelled()
            && let Some(error) = awaited.error()
        {
            unseen::report("future", &error);
        }
    }
}

impl<T: Send + 'static> fmt::Debug for AioFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = format!("{:?}", self.awaited());
        f.write_str(&inner.replacen("Awaited", "AioFuture", 1))
    }
}

/// Two handles are equal if they are handles on the same future.
impl<T: Send + 'static> PartialEq for AioFuture<T> {
    fn eq(&self, other: &Self) -> bool {
        self.awaited() == other.awaited()
    }
}

impl<T: Send + 'static> Eq for AioFuture<T> {}

impl<T: Send + 'static> Hash for AioFuture<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.awaited().hash(state);
    }
}

impl<T: Send + 'static> UnwindSafe for AioFuture<T> {}
impl<T: Send + 'static> RefUnwindSafe for AioFuture<T> {}

/// Cancels an awaitable future from anywhere; keeps nothing from running.
///
/// # Examples
/// ```
/// let (_promise, future) = aio_bridge::future::<u32>();
/// let canceller = future.canceller();
/// std::thread::spawn(move || canceller.cancel());
/// assert!(futures::executor::block_on(future).is_err());
/// ```
#[derive(Clone, Debug)]
pub struct AioCanceller(AwaitedCanceller);

impl AioCanceller {
    /// As [`AioFuture::cancel`].
    ///
    /// # Examples
    /// ```
    /// let (_promise, future) = aio_bridge::future::<u32>();
    /// assert!(future.canceller().cancel() && future.cancelled());
    /// ```
    pub fn cancel(&self) -> bool {
        self.0.give_up()
    }

    /// As [`AioFuture::done`].
    ///
    /// # Examples
    /// ```
    /// let (_promise, future) = aio_bridge::future::<u32>();
    /// assert!(!future.canceller().done());
    /// ```
    pub fn done(&self) -> bool {
        self.0.is_done()
    }

    /// As [`AioFuture::cancelled`].
    ///
    /// # Examples
    /// ```
    /// let (_promise, future) = aio_bridge::future::<u32>();
    /// assert!(!future.canceller().cancelled());
    /// ```
    pub fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
