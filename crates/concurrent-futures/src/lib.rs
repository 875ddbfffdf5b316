//! Python's two kinds of future, their executors and their bridges, for Rust: everything under one name.
//!
//! | crate | what is in it |
//! |---|---|
//! | [`cf_core`] | blocking futures, `wait`, `as_completed`, callables, the executor traits |
//! | [`cf_pool`] | the thread pool; a rayon adapter with feature `rayon` |
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

    pub use cf_core::{
        Callable, ClosureExecutor, Error, Executor, InlineExecutor, Promise, ReturnWhen,
        SharedFuture, Waitable, as_completed, as_completed_timeout, checkpoint, fallible, gather,
        wait, wait_timeout,
    };
    pub use cf_pool::{Shutdown, ThreadPoolExecutor};
}
