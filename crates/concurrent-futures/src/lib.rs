//! Python's two kinds of future, their executors and their bridges, for Rust: everything under one name.
//!
//! | crate | what is in it |
//! |---|---|
//! | [`cf_core`] | blocking futures, `wait`, `as_completed`, callables, the executor traits |
//! | [`cf_pool`] | the thread pool; a rayon adapter with feature `rayon`; the process pool and `#[task]` with feature `process` |
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
//! | [`Timeout`], what [`Error::TimedOut`] tells | `aio::Timeout`, what `aio::timeout` gives |
//! | [`Scope`], of [`ThreadPoolExecutor::scope`] | `aio::Scope`, of `TaskGroup::scope` |
//!
//! With feature `process`, `#[task]` makes a function one that worker processes can call, and `ProcessPoolExecutor` has them
//! call it; `init()` is the first line of such a program's `main`, `worker_test!()` stands once in its test binaries. What
//! `#[task]` has registered is a `RegisteredTask` here, because [`Task`] is another thing.
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
#![cfg_attr(
    all(feature = "process", unix),
    doc = r#"
The same in worker processes, where a crash is one call's failure (feature `process`):
```
use concurrent_futures::prelude::*;

# // What a program has that depends on nothing but this crate.
#[task(crate = concurrent_futures)]
fn divide(a: u32, b: u32) -> u32 {
    if b == 0 {
        std::process::abort();
    }
    a / b
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    concurrent_futures::init();
    let pool = ProcessPoolExecutor::new(2)?;
    let (dies, divides) = (pool.submit(divide::task(1, 0)), pool.submit(divide::task(42, 6)));
    assert!(matches!(dies.result(), Err(Error::WorkerDied(_))));
    assert_eq!(divides.result()?, 7);
    assert_eq!(divide(42, 6), 7); // still an ordinary function
    Ok(())
}
```
"#
)]
#![forbid(unsafe_code)]

pub use cf_core::*;
pub use cf_pool::*;

// Both crates have a `Task`.
pub use cf_core::Task;
#[cfg(all(feature = "process", not(cf_loom)))]
pub use cf_pool::Task as RegisteredTask;

#[cfg(feature = "aio")]
pub use aio_bridge as aio;
#[cfg(feature = "aio")]
pub use aio_bridge::{
    AioCanceller, AioFuture, AioPromise, Awaitable, CallbackId, Cancelled, Close, Coroutine,
    Deadline, FutureLike, GroupError, Guarded, Outcome, Runner, SharedAioFuture, Shield,
    TaskCanceller, TaskGroup, Wrappable, call_soon_threadsafe, cancelled, create_local_task,
    create_named_task, create_task, current_task, from_thread, future, guarded, isfuture, run,
    run_coroutine_threadsafe, run_in_executor, set_default_executor, shield,
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
    #[cfg(all(feature = "process", not(cf_loom)))]
    pub use cf_pool::{Call, ProcessPoolExecutor, task};
    pub use cf_pool::{Shutdown, ThreadPoolExecutor};
}
