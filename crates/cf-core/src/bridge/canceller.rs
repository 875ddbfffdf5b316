//! The handle that can give an awaited future up and nothing else.

use std::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
};

use crate::node::Node;

/// Gives an awaited future up from anywhere.
///
/// # Examples
/// ```
/// use cf_core::{Promise, bridge::Awaited};
///
/// let (promise, future) = Promise::<u32>::new();
/// let canceller = Awaited::new(future).canceller();
/// assert!(canceller.give_up() && promise.is_cancelled());
/// ```
#[derive(Clone)]
pub struct AwaitedCanceller(Arc<dyn Node>);

impl AwaitedCanceller {
    pub(super) fn new(node: Arc<dyn Node>) -> Self {
        Self(node)
    }

    /// As [`Awaited::give_up`](super::Awaited::give_up).
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (_promise, future) = Promise::<u32>::new();
    /// let awaited = Awaited::new(future);
    /// assert!(awaited.canceller().give_up() && awaited.is_done());
    /// ```
    pub fn give_up(&self) -> bool {
        super::give_up(&*self.0)
    }

    /// As [`Awaited::is_done`](super::Awaited::is_done).
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (_promise, future) = Promise::<u32>::new();
    /// assert!(!Awaited::new(future).canceller().is_done());
    /// ```
    pub fn is_done(&self) -> bool {
        super::is_done(&*self.0)
    }

    /// As [`Awaited::is_cancelled`](super::Awaited::is_cancelled).
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, bridge::Awaited};
    ///
    /// let (_promise, future) = Promise::<u32>::new();
    /// assert!(!Awaited::new(future).canceller().is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        super::is_cancelled(&*self.0)
    }
}

impl fmt::Debug for AwaitedCanceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwaitedCanceller")
            .field("done", &self.is_done())
            .finish_non_exhaustive()
    }
}

impl UnwindSafe for AwaitedCanceller {}
impl RefUnwindSafe for AwaitedCanceller {}
