//! Looking at the end of an awaited future without taking its outcome.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use crate::{
    done::Done,
    error::Error,
    future::Lent,
    node::{TaskKey, WatcherId},
    slot::Slot,
    state::Phase,
};

/// Sees how a future ended; there is at most one that polls.
///
/// # Examples
/// ```
/// use cf_core::{Promise, bridge::Awaited};
///
/// let (promise, future) = Promise::new();
/// let awaited = Awaited::new(future);
/// let observer = awaited.observer();
/// assert!(observer.look(|_| ()).is_none());
/// promise.set_result("tea".to_owned()).unwrap();
/// assert_eq!(observer.look(|done| done.result().unwrap().len()), Some(3));
/// ```
pub struct Observer<T: 'static> {
    slot: Arc<dyn Slot<T>>,
    is_watching: bool,
}

impl<T: 'static> Observer<T> {
    pub(super) fn new(slot: Arc<dyn Slot<T>>) -> Self {
        Self {
            slot,
            is_watching: false,
        }
    }

    /// Ready once the future has ended for its reader.
    ///
    /// # Examples
    /// ```
    /// use std::task::{Context, Waker};
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (promise, future) = Promise::new();
    /// let mut observer = Awaited::new(future).observer();
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert!(observer.poll(&mut context).is_pending());
    /// promise.set_result(7).unwrap();
    /// assert!(observer.poll(&mut context).is_ready());
    /// ```
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let end = super::poll_end(&*self.slot, TaskKey::OBSERVER, context);
        self.is_watching |= end.is_pending();
        end
    }

    /// Calls `f` with how it ended; `None` if it has not ended. [`Error::InvalidState`] stands for a value that was taken.
    ///
    /// # Panics
    /// If `f` does; the outcome is put back first.
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
    pub fn look<R>(&self, f: impl FnOnce(&Done<'_, T>) -> R) -> Option<R> {
        // In this order: what has ended is not given up any more.
        let has_ended = self.slot.phase().is_final();
        if self.slot.is_abandoned() {
            return Some(f(&Done::new(&Err(Error::Cancelled), true)));
        }
        if !has_ended {
            return None;
        }
        let lent = Lent::of(&*self.slot);
        if let Some(outcome) = lent.outcome() {
            return Some(f(&Done::new(
                outcome,
                self.slot.phase() == Phase::Cancelled,
            )));
        }
        // Handed out, or this very thread is looking at it.
        let phase = self.slot.phase();
        let error = self.slot.error().unwrap_or(Error::InvalidState);
        Some(f(&Done::new(&Err(error), phase == Phase::Cancelled)))
    }
}

/// Leaves no waker behind.
impl<T: 'static> Drop for Observer<T> {
    fn drop(&mut self) {
        if self.is_watching {
            self.slot.unwatch(&WatcherId::Task(TaskKey::OBSERVER));
        }
    }
}

impl<T> fmt::Debug for Observer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}
