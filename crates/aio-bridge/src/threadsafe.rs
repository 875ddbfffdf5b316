//! From any thread into a loop.

use cf_core::{Future, Promise, unwind};
use tokio::runtime::Handle;

use crate::{
    control::Control,
    coroutine::Coroutine,
    driver::{Driver, Keepers},
    event_loop,
    guarded::guarded,
};

/// Starts a coroutine on the loop that `handle` is of, and gives a future that a thread can block on.
///
/// The future is pending until the coroutine has ended: it is never `running`, so that cancelling it always succeeds before
/// that. Follows `asyncio.run_coroutine_threadsafe`.
///
/// # Errors
/// The future's: how the coroutine failed; [`Error::Rejected`](cf_core::Error::Rejected) if the loop was closed before it
/// began, [`Error::Cancelled`](cf_core::Error::Cancelled) if it was closed later.
///
/// # Cancellation
/// Cancelling the future cancels the coroutine, which never starts if it has not; the future is cancelled at once, also while
/// the coroutine cleans up. A timeout of `result_timeout` cancels nothing. Blocking on it in a task of the same loop gives
/// [`Error::EventLoopBlocked`](cf_core::Error::EventLoopBlocked).
///
/// # Examples
/// ```
/// use aio_bridge::{run, run_coroutine_threadsafe, to_thread};
///
/// let answer = run(async {
///     let handle = tokio::runtime::Handle::current();
///     to_thread(move || run_coroutine_threadsafe(async { 6 * 7 }, &handle).result().unwrap()).await
/// });
/// assert_eq!(answer.unwrap().unwrap(), 42);
/// ```
#[track_caller]
pub fn run_coroutine_threadsafe<C>(coroutine: C, handle: &Handle) -> Future<C::Output>
where
    C: Coroutine,
    C::Body: Send + 'static,
{
    let (promise, future) = Promise::new();
    let control = Control::new(None);
    let keepers = Keepers {
        registration: event_loop::register(handle, &control),
        membership: None,
    };
    let driver = Driver::new(coroutine, promise, control, keepers).following_promise();
    drop(handle.spawn(driver));
    future
}

/// Has `f` called on the loop that `handle` is of, soon; from any thread.
///
/// On a loop of one thread the calls are made in the order in which they were asked for. A panic in `f` is reported as a
/// `tracing` event, and a blocking call on a pending future is refused there, as in a task. Follows `loop.call_soon_threadsafe`.
///
/// # Examples
/// ```
/// use aio_bridge::call_soon_threadsafe;
///
/// let (tell, told) = tokio::sync::oneshot::channel();
/// let number = aio_bridge::run(async {
///     let handle = tokio::runtime::Handle::current();
///     std::thread::spawn(move || call_soon_threadsafe(&handle, || tell.send(7).unwrap()));
///     told.await
/// });
/// assert_eq!(number.unwrap().unwrap(), 7);
/// ```
pub fn call_soon_threadsafe(handle: &Handle, f: impl FnOnce() + Send + 'static) {
    drop(handle.spawn(guarded(
        async move { unwind::contain("call on the loop", f) },
    )));
}
