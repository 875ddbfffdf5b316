//! From a worker back to the loop whose task started the work there.

use std::cell::RefCell;

use cf_core::{Callable, Error, bridge::task_depth};
use tokio::runtime::Handle;

use crate::{coroutine::Coroutine, threadsafe::run_coroutine_threadsafe};

thread_local! {
    static LOOP: RefCell<Option<Sender>> = const { RefCell::new(None) };
}

/// Where the call on this thread was sent from.
struct Sender {
    handle: Handle,
    /// The depth of its task: one that runs on top of it was sent by somebody else.
    depth: usize,
}

/// A callable that knows the loop it was sent from.
pub(crate) struct OnLoop<C> {
    callable: C,
    handle: Option<Handle>,
}

impl<C> OnLoop<C> {
    pub(crate) fn new(callable: C) -> Self {
        Self {
            callable,
            handle: Handle::try_current().ok(),
        }
    }
}

impl<C: Callable> Callable for OnLoop<C> {
    type Output = C::Output;

    fn call(self) -> Result<C::Output, Error> {
        struct Restore(Option<Sender>);
        impl Drop for Restore {
            fn drop(&mut self) {
                let inner = LOOP.replace(self.0.take());
                drop(inner);
            }
        }
        let sender = self.handle.map(|handle| Sender {
            handle,
            depth: task_depth(),
        });
        let _outer = Restore(LOOP.replace(sender));
        self.callable.call()
    }
}

/// Runs a coroutine on the loop and blocks this worker for its outcome; to be called in what
/// [`to_thread`](crate::to_thread) runs.
///
/// The pool keeps its number of running threads meanwhile. Follows `anyio.from_thread.run`; asyncio has
/// `run_coroutine_threadsafe` only, which needs the loop's handle.
///
/// # Errors
/// How the coroutine failed; [`Error::Cancelled`] if the loop ends first; [`Error::Raised`] where no `to_thread` started this.
///
/// # Examples
/// ```
/// use aio_bridge::{from_thread, run, to_thread};
///
/// let answer = run(async {
///     to_thread(|| from_thread::run(async { 6 * 7 }).unwrap()).await
/// });
/// assert_eq!(answer.unwrap().unwrap(), 42);
/// ```
pub fn run<C>(coroutine: C) -> Result<C::Output, Error>
where
    C: Coroutine,
    C::Body: Send + 'static,
{
    match current_loop() {
        Some(handle) => run_coroutine_threadsafe(coroutine, &handle).result(),
        None => Err(Error::from_box(
            "from_thread::run works in a callable that to_thread runs in a loop: \
             elsewhere use run_coroutine_threadsafe, with the loop's handle"
                .into(),
        )),
    }
}

fn current_loop() -> Option<Handle> {
    LOOP.with_borrow(|sender| {
        sender
            .as_ref()
            .filter(|sender| sender.depth == task_depth())
            .map(|sender| sender.handle.clone())
    })
}

/// Calls `f` on the loop and blocks this worker for what it gives; as [`run`] otherwise.
///
/// # Errors
/// As [`run`].
///
/// # Examples
/// ```
/// use aio_bridge::{from_thread, to_thread};
///
/// let names = aio_bridge::run(async {
///     to_thread(|| from_thread::run_sync(|| std::thread::current().id()).unwrap()).await
/// });
/// assert_eq!(names.unwrap().unwrap(), std::thread::current().id());
/// ```
pub fn run_sync<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> Result<R, Error> {
    run(async move { f() })
}
