//! Waiting for many awaited futures at once: each reports its end once, so that waiting for all costs O(n) in all.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use super::{Awaited, SharedAwaited};
use crate::{
    arrivals::{Arrivals, Who},
    node::{Watch, Watcher, WatcherId},
    state::Phase,
};

pub(super) mod sealed {
    //! Keeps the trait ours.

    use crate::node::Node;

    #[expect(
        private_interfaces,
        reason = "sealed: nobody outside can name or call it"
    )]
    pub trait Sealed {
        fn as_node(&self) -> &dyn Node;
    }
}

/// What can report its end: [`Awaited`] and [`SharedAwaited`].
///
/// # Examples
/// ```
/// use cf_core::{Promise, bridge::{Awaited, Completions, Watched}};
///
/// fn report(completions: &Completions, future: &impl Watched) -> bool {
///     completions.watch(future, 0)
/// }
///
/// let (_promise, future) = Promise::<u32>::new();
/// assert!(report(&Completions::new(), &Awaited::new(future)));
/// ```
pub trait Watched: sealed::Sealed {
    /// Tells whether both are handles on the same future.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::{Awaited, Watched}};
    ///
    /// let (_promise, future) = Promise::<u32>::new();
    /// let awaited = Awaited::new(future);
    /// assert_eq!(awaited.id(), awaited.id());
    /// ```
    fn id(&self) -> usize {
        crate::node::id(self.as_node())
    }
}

#[expect(
    private_interfaces,
    reason = "sealed: nobody outside can name or call it"
)]
impl<T> sealed::Sealed for Awaited<T> {
    fn as_node(&self) -> &dyn crate::node::Node {
        self.as_node()
    }
}

impl<T> Watched for Awaited<T> {}

#[expect(
    private_interfaces,
    reason = "sealed: nobody outside can name or call it"
)]
impl<T: Send + Sync + 'static> sealed::Sealed for SharedAwaited<T> {
    fn as_node(&self) -> &dyn crate::node::Node {
        &**self.as_shared().signal().slot()
    }
}

impl<T: Send + Sync + 'static> Watched for SharedAwaited<T> {}

/// Where many futures report their end to one asynchronous task.
///
/// # Examples
/// ```
/// use std::task::{Context, Waker};
/// use cf_core::{Promise, bridge::{Awaited, Completions}};
///
/// let mut completions = Completions::new();
/// let (promise, future) = Promise::new();
/// let awaited = Awaited::new(future);
/// assert!(completions.watch(&awaited, 5));
/// let mut context = Context::from_waker(Waker::noop());
/// assert!(completions.poll(1, false, &mut context).is_pending());
/// promise.set_result(7).unwrap();
/// assert!(completions.poll(1, false, &mut context).is_ready());
/// assert_eq!(completions.take(), (vec![5], false));
/// ```
#[derive(Default)]
pub struct Completions {
    arrivals: Arc<Arrivals>,
}

impl Completions {
    /// Makes one that nothing reports to yet.
    ///
    /// # Examples
    /// ```
    /// let mut completions = cf_core::bridge::Completions::new();
    /// assert_eq!(completions.take(), (vec![], false));
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Has `future` report its end as `index`; false if it has ended already, and then it does not.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::{Awaited, Completions}};
    ///
    /// let (promise, future) = Promise::new();
    /// promise.set_result(7).unwrap();
    /// assert!(!Completions::new().watch(&Awaited::new(future), 0));
    /// ```
    pub fn watch(&self, future: &(impl Watched + ?Sized), index: u32) -> bool {
        let us = Watcher::AwaitedSet(Arc::clone(&self.arrivals), index);
        future.as_node().watch_as_awaited(us) != Watch::Ended
    }

    /// Has `future` report no more.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::{Awaited, Completions}};
    ///
    /// let mut completions = Completions::new();
    /// let (promise, future) = Promise::new();
    /// let awaited = Awaited::new(future);
    /// completions.watch(&awaited, 0);
    /// completions.unwatch(&awaited);
    /// promise.set_result(7).unwrap();
    /// assert_eq!(completions.take().0, []);
    /// ```
    pub fn unwatch(&self, future: &(impl Watched + ?Sized)) {
        future
            .as_node()
            .unwatch(&WatcherId::Set(Arc::clone(&self.arrivals)));
    }

    /// Tells whether `future` failed; a cancelled one did not.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::{Awaited, Completions}};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// drop(promise);
    /// assert!(Completions::has_failed(&Awaited::new(future)));
    /// ```
    pub fn has_failed(future: &(impl Watched + ?Sized)) -> bool {
        let node = future.as_node();
        node.phase() == Phase::Failed && !node.is_abandoned()
    }

    /// Ready once `enough` reports are there that were not taken, or, with `failure_suffices`, one of a failure.
    ///
    /// # Examples
    /// ```
    /// use std::task::{Context, Waker};
    ///
    /// let mut completions = cf_core::bridge::Completions::new();
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert!(completions.poll(0, false, &mut context).is_ready());
    /// assert!(completions.poll(1, false, &mut context).is_pending());
    /// ```
    pub fn poll(
        &mut self,
        enough: usize,
        failure_suffices: bool,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let us = Who::Task(context.waker().clone());
        if self.arrivals.wake(us, enough, failure_suffices) {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }

    /// Takes the reports that have come since the last call, and whether one of them is of a failure.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(cf_core::bridge::Completions::new().take(), (vec![], false));
    /// ```
    pub fn take(&mut self) -> (Vec<u32>, bool) {
        self.arrivals.take()
    }
}

/// Leaves no waker behind.
impl Drop for Completions {
    fn drop(&mut self) {
        self.arrivals.stop_waking();
    }
}

impl fmt::Debug for Completions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completions").finish_non_exhaustive()
    }
}
