//! The awaitable handle that takes the outcome.

use std::{
    fmt,
    hash::{Hash, Hasher},
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use super::{AwaitedCanceller, Observer};
use crate::{
    error::Error,
    future::{Future, fmt_node},
    node::{Node, TaskKey, Watcher, WatcherId},
    slot::Slot,
    spin,
    state::Phase,
    sync,
};

/// The awaitable face of a future: polled instead of waited for. Made from the blocking face, it costs nothing.
///
/// # Cancellation
/// Dropping it detaches, as dropping a [`Future`] does; [`give_up`](Self::give_up) cancels.
///
/// # Examples
/// ```
/// use std::task::{Context, Poll, Waker};
/// use cf_core::{Promise, bridge::Awaited};
///
/// let (promise, future) = Promise::new();
/// let mut awaited = Awaited::new(future);
/// let mut context = Context::from_waker(Waker::noop());
/// assert!(awaited.poll(&mut context).is_pending());
/// promise.set_result(7).unwrap();
/// assert!(matches!(awaited.poll(&mut context), Poll::Ready(Ok(7))));
/// ```
#[must_use = "dropping it detaches the task; its result and its error are then lost"]
pub struct Awaited<T: 'static> {
    slot: Arc<dyn Slot<T>>,
    /// Since when a waker of ours may be there.
    watching: Option<Instant>,
}

impl<T: 'static> Awaited<T> {
    /// Turns the blocking face into the awaitable one.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (promise, future) = Promise::new();
    /// promise.set_result(7).unwrap();
    /// assert!(Awaited::new(future).is_done());
    /// ```
    pub fn new(future: Future<T>) -> Self {
        Self {
            slot: future.into_slot(),
            watching: None,
        }
    }

    /// Gives the outcome, once; [`Error::Cancelled`] also where the reader gave up on running work.
    ///
    /// Polled again after a value or an error it is ready with [`Error::InvalidState`]; a cancellation is given every time.
    ///
    /// # Examples
    /// ```
    /// use std::task::{Context, Poll, Waker};
    /// use cf_core::{Error, Promise, bridge::Awaited};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// let mut awaited = Awaited::new(future);
    /// promise.set_running_or_notify_cancel();
    /// assert!(awaited.give_up());
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert!(matches!(awaited.poll(&mut context), Poll::Ready(Err(Error::Cancelled))));
    /// ```
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Error>> {
        self.take_or_watch(context, true, true)
    }

    /// As [`poll`](Self::poll), but does not stay for a moment to see whether the outcome comes at once.
    ///
    /// # Examples
    /// ```
    /// use std::task::{Context, Waker};
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (_promise, future) = Promise::<u32>::new();
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert!(Awaited::new(future).poll_without_looking(&mut context).is_pending());
    /// ```
    pub fn poll_without_looking(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Error>> {
        self.take_or_watch(context, true, false)
    }

    /// As [`poll`](Self::poll), but waits for the real end of work that was given up, and gives how it ended.
    ///
    /// # Examples
    /// ```
    /// use std::task::{Context, Poll, Waker};
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// let mut awaited = Awaited::new(future);
    /// promise.set_running_or_notify_cancel();
    /// assert!(awaited.give_up());
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert!(awaited.poll_stopped(&mut context).is_pending());
    /// promise.set_result(7).unwrap();
    /// assert!(matches!(awaited.poll_stopped(&mut context), Poll::Ready(Ok(7))));
    /// ```
    pub fn poll_stopped(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Error>> {
        self.take_or_watch(context, false, false)
    }

    fn take_or_watch(
        &mut self,
        context: &mut Context<'_>,
        sees_giving_up: bool,
        may_look: bool,
    ) -> Poll<Result<T, Error>> {
        // A look first: nobody clones a waker for what is there already, or in a moment.
        if let Some(outcome) = self.end(sees_giving_up) {
            if let Some(asked) = self.watching {
                spin::learn_from_answer(asked);
            }
            return Poll::Ready(outcome);
        }
        if may_look
            && self.watching.is_none()
            && spin::glance(|| self.slot.phase().is_final())
            && let Some(outcome) = self.end(sees_giving_up)
        {
            return Poll::Ready(outcome);
        }
        let us = Watcher::Task(context.waker().clone(), TaskKey::READER);
        let outcome = self.slot.take_or_watch(us, sees_giving_up);
        if outcome.is_pending() && self.watching.is_none() {
            self.watching = Some(sync::now());
        }
        outcome
    }

    /// Gives the outcome if it can be taken now, and asks for no wake-up.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (promise, future) = Promise::new();
    /// let mut awaited = Awaited::new(future);
    /// assert!(awaited.try_take().is_none());
    /// promise.set_result(7).unwrap();
    /// assert_eq!(awaited.try_take().unwrap().unwrap(), 7);
    /// ```
    pub fn try_take(&mut self) -> Option<Result<T, Error>> {
        // Looked at first: what ends later may be given up before.
        let has_ended = self.slot.phase().is_final();
        self.end(true)
            .or_else(|| has_ended.then(|| self.slot.take_back())?)
    }

    /// The outcome, if it can be taken; a cancelled one says so however often it is asked.
    fn end(&self, sees_giving_up: bool) -> Option<Result<T, Error>> {
        // In this order: what has ended is not given up any more.
        let phase = self.slot.phase();
        if (sees_giving_up && self.slot.is_abandoned()) || phase == Phase::Cancelled {
            return Some(Err(Error::Cancelled));
        }
        phase.is_final().then(|| self.slot.take()).flatten()
    }

    /// Ends it for its reader; true the first time, false if it had ended.
    ///
    /// Pending work is cancelled. Running work is asked to stop and goes on until it does; its reader sees
    /// [`Error::Cancelled`] at once, and its late outcome is dropped.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// let awaited = Awaited::new(future);
    /// assert!(awaited.give_up() && !awaited.give_up());
    /// assert!(promise.is_cancelled() && awaited.is_cancelled());
    /// ```
    pub fn give_up(&self) -> bool {
        super::give_up(&*self.slot)
    }

    /// Cancels what has not started and asks the rest to stop, but leaves the outcome to be seen.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// let awaited = Awaited::new(future);
    /// promise.set_running_or_notify_cancel();
    /// assert!(awaited.request_cancel() && !awaited.is_done());
    /// ```
    pub fn request_cancel(&self) -> bool {
        self.slot.request_cancel()
    }

    /// Tells whether it has ended for its reader.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// assert!(!Awaited::new(future).is_done());
    /// # drop(promise);
    /// ```
    pub fn is_done(&self) -> bool {
        super::is_done(&*self.slot)
    }

    /// Tells whether it was cancelled, or given up.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// assert!(!Awaited::new(future).is_cancelled());
    /// # drop(promise);
    /// ```
    pub fn is_cancelled(&self) -> bool {
        super::is_cancelled(&*self.slot)
    }

    /// Tells whether the work has been started and has not ended.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// promise.set_running_or_notify_cancel();
    /// assert!(Awaited::new(future).is_running());
    /// ```
    pub fn is_running(&self) -> bool {
        self.slot.phase() == Phase::Running
    }

    /// Gives the error it ended with; `None` if it has not ended, or with a value.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Error, Promise, bridge::Awaited};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// drop(promise);
    /// assert!(matches!(Awaited::new(future).error(), Some(Error::BrokenPromise)));
    /// ```
    pub fn error(&self) -> Option<Error> {
        let has_ended = self.slot.is_done();
        if self.slot.is_abandoned() {
            return Some(Error::Cancelled);
        }
        has_ended.then(|| self.slot.error()).flatten()
    }

    /// Gives a handle that sees the end and does not take the outcome.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (promise, future) = Promise::new();
    /// let observer = Awaited::new(future).observer();
    /// promise.set_result(7).unwrap();
    /// assert_eq!(observer.look(|done| *done.result().unwrap()), Some(7));
    /// ```
    pub fn observer(&self) -> Observer<T> {
        Observer::new(Arc::clone(&self.slot))
    }

    /// Gives a handle that can give it up from elsewhere.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (_promise, future) = Promise::<u32>::new();
    /// let awaited = Awaited::new(future);
    /// assert!(awaited.canceller().give_up() && awaited.is_cancelled());
    /// ```
    pub fn canceller(&self) -> AwaitedCanceller {
        AwaitedCanceller::new(self.node())
    }

    /// Goes back to the blocking face.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (promise, future) = Promise::new();
    /// promise.set_result(7).unwrap();
    /// assert_eq!(Awaited::new(future).into_future().result().unwrap(), 7);
    /// ```
    pub fn into_future(self) -> Future<T> {
        Future::new(Arc::clone(&self.slot))
    }

    pub(super) fn as_node(&self) -> &dyn Node {
        &*self.slot
    }

    fn node(&self) -> Arc<dyn Node> {
        Arc::clone(&self.slot) as Arc<dyn Node>
    }
}

/// Leaves no waker behind.
impl<T: 'static> Drop for Awaited<T> {
    fn drop(&mut self) {
        if self.watching.is_some() {
            self.slot.unwatch(&WatcherId::Task(TaskKey::READER));
        }
    }
}

impl<T> fmt::Debug for Awaited<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.slot.is_abandoned() {
            return f.write_str("<Awaited cancelled>");
        }
        fmt_node(f, "Awaited", &*self.slot, std::any::type_name::<T>())
    }
}

/// Two handles are equal if they are handles on the same future.
impl<T> PartialEq for Awaited<T> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(&self.slot), Arc::as_ptr(&other.slot))
    }
}

impl<T> Eq for Awaited<T> {}

impl<T> Hash for Awaited<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.slot).cast::<u8>().hash(state);
    }
}

impl<T> UnwindSafe for Awaited<T> {}
impl<T> RefUnwindSafe for Awaited<T> {}
