//! What `wait` and `as_completed` take: this crate's futures and tasks, by value or by reference.

use cf_core::bridge::{Completions, Watched};

use crate::{future::AioFuture, shared::SharedAioFuture, task::Task};

pub(crate) mod sealed {
    //! Keeps the trait ours: the waiting functions rely on what is behind it.

    use cf_core::bridge::Completions;

    pub trait Sealed {
        #[doc(hidden)]
        fn watch(&self, completions: &Completions, index: u32) -> bool;
        #[doc(hidden)]
        fn unwatch(&self, completions: &Completions);
        #[doc(hidden)]
        fn has_failed(&self) -> bool;
        #[doc(hidden)]
        fn identity(&self) -> usize;
    }
}

/// An awaitable future or task of this crate; follows what asyncio's documentation calls future-like.
///
/// # Examples
/// ```
/// use aio_bridge::FutureLike;
///
/// fn count_done(futures: &[&dyn FutureLike]) -> usize {
///     futures.iter().filter(|future| future.done()).count()
/// }
///
/// let (promise, one) = aio_bridge::future();
/// let (_promise, other) = aio_bridge::future::<String>();
/// promise.set_result(7).unwrap();
/// assert_eq!(count_done(&[&one, &other]), 1);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an awaitable future nor a task",
    label = "only `AioFuture`, `SharedAioFuture` and `Task` can be waited for in a set",
    note = "a blocking future is made awaitable by `aio_bridge::wrap_future`, a coroutine is made a task by `aio_bridge::create_task`"
)]
pub trait FutureLike: sealed::Sealed {
    /// Tells whether it has ended.
    ///
    /// # Examples
    /// ```
    /// assert!(!aio_bridge::FutureLike::done(&aio_bridge::future::<u32>().1));
    /// ```
    fn done(&self) -> bool;

    /// Tells whether it was cancelled.
    ///
    /// # Examples
    /// ```
    /// assert!(!aio_bridge::FutureLike::cancelled(&aio_bridge::future::<u32>().1));
    /// ```
    fn cancelled(&self) -> bool;

    /// Cancels it, a task by a request.
    ///
    /// # Examples
    /// ```
    /// assert!(aio_bridge::FutureLike::cancel(&aio_bridge::future::<u32>().1));
    /// ```
    fn cancel(&self) -> bool;
}

macro_rules! future_like {
    ($($future:ident: $($bound:ident)+, $part:ident;)+) => {$(
        impl<T: $($bound +)+ 'static> sealed::Sealed for $future<T> {
            fn watch(&self, completions: &Completions, index: u32) -> bool {
                completions.watch($part(self), index)
            }

            fn unwatch(&self, completions: &Completions) {
                completions.unwatch($part(self));
            }

            fn has_failed(&self) -> bool {
                Completions::has_failed($part(self))
            }

            fn identity(&self) -> usize {
                $part(self).id()
            }
        }

        impl<T: $($bound +)+ 'static> FutureLike for $future<T> {
            fn done(&self) -> bool {
                self.done()
            }

            fn cancelled(&self) -> bool {
                self.cancelled()
            }

            fn cancel(&self) -> bool {
                self.cancel()
            }
        }
    )+};
}

future_like! {
    AioFuture: Send, of_future;
    SharedAioFuture: Send Sync, of_shared;
    Task: Send, of_task;
}

fn of_future<T: Send + 'static>(future: &AioFuture<T>) -> &impl Watched {
    future.awaited()
}

fn of_shared<T: Send + Sync + 'static>(future: &SharedAioFuture<T>) -> &impl Watched {
    future.awaited()
}

fn of_task<T: Send + 'static>(task: &Task<T>) -> &impl Watched {
    task.future().awaited()
}

macro_rules! through {
    ($($handle:ty),+) => {$(
        impl<F: FutureLike + ?Sized> sealed::Sealed for $handle {
            fn watch(&self, completions: &Completions, index: u32) -> bool {
                (**self).watch(completions, index)
            }

            fn unwatch(&self, completions: &Completions) {
                (**self).unwatch(completions);
            }

            fn has_failed(&self) -> bool {
                (**self).has_failed()
            }

            fn identity(&self) -> usize {
                (**self).identity()
            }
        }

        impl<F: FutureLike + ?Sized> FutureLike for $handle {
            fn done(&self) -> bool {
                (**self).done()
            }

            fn cancelled(&self) -> bool {
                (**self).cancelled()
            }

            fn cancel(&self) -> bool {
                (**self).cancel()
            }
        }
    )+};
}

through!(&F, &mut F, Box<F>);
