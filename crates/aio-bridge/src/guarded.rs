//! The guard of an event loop, for coroutines that something else drives.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use cf_core::BlockingGuard;
use pin_project_lite::pin_project;

use crate::awaitable::Awaitable;

/// Refuses blocking calls on pending futures while `coroutine` is polled, as in a task of this crate.
///
/// For what `tokio::spawn` or another runtime drives. A blocking call then fails with
/// [`Error::EventLoopBlocked`](cf_core::Error::EventLoopBlocked), or unwinds with it where it gives no `Result`; a section in
/// `block_in_place` allows it again with [`BlockingGuard::allow`].
///
/// # Examples
/// ```
/// use aio_bridge::{Error, guarded};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (_promise, future) = cf_core::Promise::<u32>::new();
/// let refused = tokio::spawn(guarded(async { future.result() })).await.unwrap();
/// assert!(matches!(refused, Err(Error::EventLoopBlocked)));
/// # }
/// ```
pub fn guarded<A: Awaitable>(coroutine: A) -> Guarded<A::Body> {
    Guarded {
        coroutine: coroutine.into_future(),
    }
}

pin_project! {
    /// What [`guarded`] gives.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Guarded<F> {
        #[pin]
        coroutine: F,
    }
}

impl<F: Future> Future for Guarded<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let _guard = BlockingGuard::refuse();
        self.project().coroutine.poll(context)
    }
}

impl<F> fmt::Debug for Guarded<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").finish_non_exhaustive()
    }
}
