//! From the blocking face to the awaitable one.

use crate::{future::AioFuture, shared::SharedAioFuture, task::Task};

/// Turns a blocking future into one that is awaited: the same cell, no allocation, no thread.
///
/// A [`SharedFuture`](cf_core::SharedFuture) becomes one that can be cloned, as often as it is wrapped; what is awaitable
/// already is given back unchanged. Follows `asyncio.wrap_future`, and needs no loop.
///
/// # Cancellation
/// Cancelling or dropping the awaitable future cancels what has not started and asks the rest to stop; cancelling the blocking
/// one ([`Canceller`](cf_core::Canceller)) cancels the awaitable one. Dropping what a `SharedFuture` became cancels nothing,
/// as dropping that does.
///
/// # Examples
/// ```
/// use aio_bridge::wrap_future;
/// use cf_core::Executor;
/// use cf_pool::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::new(1)?;
/// let future = wrap_future(pool.submit(|| 6 * 7));
/// assert_eq!(futures::executor::block_on(future).unwrap(), 42);
/// # Ok::<_, cf_pool::BuildError>(())
/// ```
#[track_caller]
pub fn wrap_future<F: Wrappable>(future: F) -> F::Wrapped {
    future.wrap()
}

/// What [`wrap_future`] takes: blocking futures, and awaitable ones, which it leaves as they are.
///
/// # Examples
/// ```
/// use aio_bridge::{AioFuture, Wrappable, wrap_future};
///
/// fn wrap<F: Wrappable<Wrapped = AioFuture<u32>>>(future: F) -> AioFuture<u32> {
///     wrap_future(future)
/// }
///
/// let (_promise, future) = cf_core::Promise::<u32>::new();
/// assert!(!wrap(wrap(future)).done());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a future that can be wrapped",
    label = "neither a blocking future nor one of this crate's",
    note = "`wrap_future` makes blocking futures awaitable; a coroutine is awaitable already, or is made a task with `aio_bridge::create_task`"
)]
pub trait Wrappable: sealed::Sealed {
    /// The awaitable future.
    type Wrapped;

    #[doc(hidden)]
    fn wrap(self) -> Self::Wrapped;
}

mod sealed {
    //! Keeps the trait ours.

    pub trait Sealed {}
}

impl<T: Send + 'static> sealed::Sealed for cf_core::Future<T> {}
impl<T: Send + 'static> Wrappable for cf_core::Future<T> {
    type Wrapped = AioFuture<T>;

    fn wrap(self) -> AioFuture<T> {
        AioFuture::new(self)
    }
}

impl<T: Send + Sync + 'static> sealed::Sealed for cf_core::SharedFuture<T> {}
impl<T: Send + Sync + 'static> Wrappable for cf_core::SharedFuture<T> {
    type Wrapped = SharedAioFuture<T>;

    fn wrap(self) -> SharedAioFuture<T> {
        SharedAioFuture::beside(self)
    }
}

macro_rules! unchanged {
    ($($future:ident: $($bound:ident)+;)+) => {$(
        impl<T: $($bound +)+ 'static> sealed::Sealed for $future<T> {}
        impl<T: $($bound +)+ 'static> Wrappable for $future<T> {
            type Wrapped = Self;

            fn wrap(self) -> Self {
                self
            }
        }
    )+};
}

unchanged! {
    AioFuture: Send;
    SharedAioFuture: Send Sync;
    Task: Send;
}
