//! What `wait` and `as_completed` take: any blocking future, by value or by reference, and several of them.

use std::sync::Arc;

use crate::{future::Future, node::Node, shared::SharedFuture, state::Phase};

pub(crate) mod sealed {
    //! Keeps the trait ours: the waiting functions rely on what is behind it.

    use std::sync::Arc;

    use crate::node::Node;

    /// The cell behind a future.
    #[expect(
        private_interfaces,
        reason = "sealed: nobody outside can name or call it"
    )]
    pub trait Sealed {
        fn node(&self) -> Arc<dyn Node>;

        fn as_node(&self) -> &dyn Node;

        /// Whether no other handle on the same future can be in the set.
        fn is_only_handle(&self) -> bool {
            false
        }
    }
}

/// A blocking future of any type: [`Future`], [`SharedFuture`], and references, boxes and `Arc`s of them.
///
/// A set may mix result types through `&dyn Waitable`. It is sealed: an awaitable future is not `Waitable`.
///
/// # Examples
/// ```
/// use cf_core::{Promise, ReturnWhen, Waitable, wait};
///
/// let (number, a) = Promise::<u32>::new();
/// let (text, b) = Promise::<String>::new();
/// number.set_result(1).unwrap();
/// let sets = wait([&a as &dyn Waitable, &b], ReturnWhen::FirstCompleted);
/// assert_eq!((sets.done.len(), sets.not_done.len()), (1, 1));
/// # drop(text);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be waited for by a blocking call",
    label = "not a blocking future",
    note = "an awaitable future or coroutine is run on the loop with `aio_bridge::run_coroutine_threadsafe`, which gives a blocking future"
)]
pub trait Waitable: sealed::Sealed {
    /// Tells whether the future has ended.
    fn done(&self) -> bool {
        self.as_node().is_done()
    }

    /// Tells whether the work has been started and has not ended.
    fn running(&self) -> bool {
        self.as_node().phase() == Phase::Running
    }

    /// Tells whether the future was cancelled.
    fn cancelled(&self) -> bool {
        self.as_node().is_cancelled()
    }

    /// Cancels the future if its work has not started.
    fn cancel(&self) -> bool {
        self.as_node().cancel()
    }
}

#[expect(
    private_interfaces,
    reason = "sealed: nobody outside can name or call it"
)]
impl<T: 'static> sealed::Sealed for Future<T> {
    fn node(&self) -> Arc<dyn Node> {
        self.node()
    }

    fn as_node(&self) -> &dyn Node {
        &**self.slot()
    }

    fn is_only_handle(&self) -> bool {
        true
    }
}

impl<T: 'static> Waitable for Future<T> {}

#[expect(
    private_interfaces,
    reason = "sealed: nobody outside can name or call it"
)]
impl<T: Send + Sync + 'static> sealed::Sealed for SharedFuture<T> {
    fn node(&self) -> Arc<dyn Node> {
        self.signal().node()
    }

    fn as_node(&self) -> &dyn Node {
        &**self.signal().slot()
    }
}

impl<T: Send + Sync + 'static> Waitable for SharedFuture<T> {
    fn cancel(&self) -> bool {
        Self::cancel(self)
    }

    fn running(&self) -> bool {
        Self::running(self)
    }
}

/// Several blocking futures: any list or iterator (`IntoIterator`) of them.
///
/// # Examples
/// ```
/// use cf_core::{Future, ReturnWhen, Waitable, Waitables, wait};
///
/// fn are_done<F: Waitable>(futures: impl Waitables<F>) -> bool {
///     wait(futures, ReturnWhen::AllCompleted).not_done.is_empty()
/// }
///
/// assert!(are_done(Vec::<Future<u32>>::new()));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a collection of the blocking futures that this call takes",
    label = "neither a list nor an iterator of them",
    note = "a future by itself is put in a list, `[x]`, or waited for with its `result`",
    note = "`wait` and `as_completed` take futures, references to them and shared ones, `gather` takes futures only",
    note = "an awaitable future or coroutine is run on the loop with `aio_bridge::run_coroutine_threadsafe`, which gives a blocking future"
)]
pub trait Waitables<F>: IntoIterator<Item = F> {}

#[diagnostic::do_not_recommend]
impl<I: IntoIterator<Item = F>, F> Waitables<F> for I {}

/// A handle that leads to a future is as good as the future.
macro_rules! through {
    ($($handle:ty),+) => {$(
        #[expect(private_interfaces, reason = "sealed: nobody outside can name or call it")]
        impl<W: Waitable + ?Sized> sealed::Sealed for $handle {
            fn node(&self) -> Arc<dyn Node> {
                (**self).node()
            }

            fn as_node(&self) -> &dyn Node {
                (**self).as_node()
            }
        }

        impl<W: Waitable + ?Sized> Waitable for $handle {
            fn cancel(&self) -> bool {
                (**self).cancel()
            }

            fn running(&self) -> bool {
                (**self).running()
            }
        }
    )+};
}

through!(&W, Box<W>, Arc<W>);
