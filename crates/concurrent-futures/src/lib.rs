//! Python's two kinds of future, their executors and their bridges, for Rust: everything under one name.
//!
//! | crate | what is in it |
//! |---|---|
//! | [`cf_core`] | blocking futures, `wait`, `as_completed`, callables, the executor traits |
//! | [`cf_pool`] | the thread pool; a rayon adapter with feature `rayon` |
//! | `aio` | awaitable futures, tasks and the bridge, on tokio; this is the crate `aio_bridge`, with feature `aio` (default) |
//!
//! Some names exist for threads and for tasks. At the root they are those for threads; those for tasks are in `aio`:
//!
//! | blocks a thread | is awaited by a task |
//! |---|---|
//! | [`gather`] | `aio::gather`, `aio::gather!` |
//! | [`wait`](wait()), [`wait_timeout`] | `aio::wait`, `aio::wait_timeout` |
//! | [`as_completed`], [`as_completed_timeout`] | `aio::as_completed`, `aio::as_completed_timeout` |
//! | [`fallible`], for a callable | `aio::fallible`, for a coroutine |
//! | [`Task`], a callable that an executor has queued | `aio::Task`, a coroutine that the loop runs |
//! | [`Scope`], of [`ThreadPoolExecutor::scope`] | `aio::Scope`, of `TaskGroup::scope` |
//!
//! # Examples
//! ```
//! use concurrent_futures::prelude::*;
//!
//! let pool = ThreadPoolExecutor::new(4)?;
//! let futures: Vec<_> = (1..=3_u64).map(|n| pool.submit(move || n * n)).collect();
//! let sum: u64 = as_completed(futures).map(|future| future.result().unwrap()).sum();
//! assert_eq!(sum, 14);
//! # Ok::<_, concurrent_futures::BuildError>(())
//! ```

#![forbid(unsafe_code)]

pub use cf_core::*;
pub use cf_pool::*;

#[cfg(feature = "aio")]
pub use aio_bridge as aio;
#[cfg(feature = "aio")]
pub use aio_bridge::{
    AioCanceller, AioFuture, AioPromise, Awaitable, CallbackId, Cancelled, Close, Coroutine,
    Deadline, FutureLike, GroupError, Guarded, Outcome, Runner, SharedAioFuture, Shield,
    TaskCanceller, TaskGroup, Timeout, Wrappable, call_soon_threadsafe, cancelled,
    create_local_task, create_named_task, create_task, current_task, from_thread, future, guarded,
    isfuture, run, run_coroutine_threadsafe, run_in_executor, set_default_executor, shield,
    shutdown_default_executor, sleep, submit, timeout, timeout_at, to_thread, wait_for,
    wrap_future,
};

/// What most programs need; `Future` is not in it, because Rust's own prelude has a trait of that name.
///
/// # Examples
/// ```
/// use concurrent_futures::prelude::*;
///
/// assert_eq!(InlineExecutor::new().submit(|| 7).result().unwrap(), 7);
/// ```
pub mod prelude {
    #[cfg(feature = "rayon")]
    pub use cf_pool::RayonExecutor;

    #[cfg(feature = "aio")]
    pub use aio_bridge::{
        AioFuture, AioPromise, Close, Runner, SharedAioFuture, TaskGroup, create_task, run,
        run_coroutine_threadsafe, run_in_executor, submit, to_thread, wait_for, wrap_future,
    };
    pub use cf_core::{
        Callable, ClosureExecutor, Error, Executor, InlineExecutor, Promise, ReturnWhen,
        SharedFuture, Waitable, as_completed, as_completed_timeout, checkpoint, fallible, gather,
        wait, wait_timeout,
    };
    pub use cf_pool::{Shutdown, ThreadPoolExecutor};
}
