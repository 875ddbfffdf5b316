//! An awaitable that goes on when who awaits it is cancelled.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use cf_core::Error;

use crate::{
    awaitable::{Awaitable, Outcome},
    child::{Child, Value, ensure},
    delivery::{self, Told},
    handles,
};

/// Protects an awaitable: cancelling or dropping the shield leaves it running.
///
/// A coroutine starts at once, as a task. Cancelling what is inside cancels the shield. If the shield goes first, a later
/// failure inside is reported as a `tracing` event. Follows `asyncio.shield`.
///
/// # Errors
/// The future's: how the awaitable failed, or [`Error::Cancelled`].
///
/// # Panics
/// With a coroutine, outside a tokio runtime.
///
/// # Examples
/// ```
/// use aio_bridge::{create_task, future, run, shield};
///
/// run(async {
///     let (tell, told) = future();
///     let precious = create_task(async { tell.set_result("saved").unwrap() });
///     let mut shielded = shield(precious);
///     shielded.cancel();
///     assert!(shielded.await.is_err());
///     assert_eq!(told.await.unwrap(), "saved");
/// }).unwrap();
/// ```
#[track_caller]
pub fn shield<A>(awaitable: A) -> Shield<Value<A>>
where
    A: Awaitable + 'static,
    A::Gives: Outcome,
    A::Body: Send + 'static,
{
    handles::note::<Shield<Value<A>>>();
    Shield {
        inner: Some(ensure(awaitable)),
        is_cancelled: false,
        told: Told::default(),
    }
}

/// What [`shield`] gives.
#[must_use = "futures do nothing unless awaited"]
pub struct Shield<T: Send + 'static> {
    /// Gone once its outcome was given, or the shield was cancelled.
    inner: Option<Child<T>>,
    is_cancelled: bool,
    told: Told,
}

impl<T: Send + 'static> Shield<T> {
    /// Cancels the shield and leaves what is inside running; false if that has ended, or the shield was cancelled before.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{run, shield};
    ///
    /// run(async {
    ///     let mut shielded = shield(async {});
    ///     assert!(shielded.cancel() && !shielded.cancel() && shielded.cancelled());
    /// }).unwrap();
    /// ```
    pub fn cancel(&mut self) -> bool {
        let Some(inner) = self.inner.take_if(|inner| !inner.done()) else {
            return false;
        };
        inner.let_go();
        self.is_cancelled = true;
        true
    }

    /// Tells whether the shield, or what is inside, was cancelled.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{run, shield};
    ///
    /// run(async { assert!(!shield(async {}).cancelled()) }).unwrap();
    /// ```
    pub fn cancelled(&self) -> bool {
        self.is_cancelled || self.inner.as_ref().is_some_and(Child::cancelled)
    }

    /// Tells whether it has ended.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{run, shield};
    ///
    /// run(async { assert!(!shield(async {}).done()) }).unwrap();
    /// ```
    pub fn done(&self) -> bool {
        self.inner.as_ref().is_none_or(Child::done)
    }
}

impl<T: Send + 'static> Future for Shield<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.told.hears() {
            self.cancel();
        }
        if self.is_cancelled {
            // To who cancels by polling it is as good as gone.
            return if delivery::is_cancelling() {
                Poll::Pending
            } else {
                Poll::Ready(Err(Error::Cancelled))
            };
        }
        let Some(inner) = &mut self.inner else {
            return Poll::Ready(Err(Error::InvalidState));
        };
        let outcome = ready!(delivery::apart(|| inner.poll(context)));
        self.is_cancelled = matches!(outcome, Err(Error::Cancelled));
        self.inner = None;
        Poll::Ready(outcome)
    }
}

impl<T: Send + 'static> Drop for Shield<T> {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            inner.let_go();
        }
    }
}

impl<T: Send + 'static> fmt::Debug for Shield<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shield")
            .field("done", &self.done())
            .field("cancelled", &self.cancelled())
            .finish_non_exhaustive()
    }
}
