//! Executors with the semantics of Python's `concurrent.futures`: a thread pool on which waiting never deadlocks.
//!
//! | to | use |
//! |---|---|
//! | run closures on threads | [`ThreadPoolExecutor::submit`] |
//! | call a function with many items | [`ThreadPoolExecutor::map`] |
//! | run closures that borrow | [`ThreadPoolExecutor::scope`] |
//! | push back when there is too much | [`ThreadPoolBuilder::queue_capacity`], [`ThreadPoolExecutor::try_submit`] |
//! | see what it does | [`ThreadPoolExecutor::stats`] |
//! | end it | [`ThreadPoolExecutor::shutdown`], or drop the last handle |
//! | use rayon's threads | `RayonExecutor` (feature `rayon`) |
//! | survive a crash, limit time and memory | `ProcessPoolExecutor`, `#[task]` (feature `process`) |
//!
//! No unsafe code, but for the memory that is shared with worker processes. The futures are those of [`cf_core`].
//!
//! # Examples
//! Both deadlock examples of Python's documentation end here. A task that waits for another on a pool of one thread:
//! ```
//! use cf_pool::ThreadPoolExecutor;
//!
//! let pool = ThreadPoolExecutor::new(1)?;
//! let inner = pool.clone();
//! let future = pool.submit(move || inner.submit(|| 5_u32.pow(2)).result());
//! assert_eq!(future.result().unwrap().unwrap(), 25);
//! # Ok::<_, cf_pool::BuildError>(())
//! ```
#![cfg_attr(
    all(feature = "process", unix),
    doc = r#"
In worker processes, a crash is the failure of one call (feature `process`):
```
use cf_core::Error;
use cf_pool::{ProcessPoolExecutor, task};

#[task]
fn divide(a: u32, b: u32) -> u32 {
    if b == 0 {
        std::process::abort();
    }
    a / b
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    cf_pool::init(); // in a worker process, this does not return
    let pool = ProcessPoolExecutor::new(2)?;
    let (dies, divides) = (pool.submit(divide::task(1, 0)), pool.submit(divide::task(42, 6)));
    assert!(matches!(dies.result(), Err(Error::WorkerDied(_))));
    assert_eq!(divides.result()?, 7);
    Ok(())
}
```
"#
)]
#![cfg_attr(not(feature = "process"), forbid(unsafe_code))]
#![deny(unsafe_code)]

mod builder;
mod desk;
mod fifo;
mod histogram;
mod pool;
#[cfg(all(feature = "process", unix, not(cf_loom)))]
mod process;
#[cfg(all(feature = "process", not(unix), not(cf_loom)))]
#[path = "process/elsewhere.rs"]
mod process;
#[cfg(feature = "rayon")]
mod rayon;
mod room;
mod scope;
mod shared;
mod shutdown;
mod stats;
mod worker;

#[cfg(all(feature = "process", not(cf_loom)))]
pub use self::process::{
    Batches, CrossesProcess, OnWorkerDeath, ProcessPoolBuilder, ProcessPoolExecutor, ProcessStats,
    WorkerStats, init,
};
#[cfg(feature = "rayon")]
pub use self::rayon::RayonExecutor;
pub use self::{
    builder::{BuildError, Initialized, ThreadPoolBuilder},
    histogram::Histogram,
    pool::ThreadPoolExecutor,
    scope::{Scope, ScopedFuture},
    shutdown::Shutdown,
    stats::Stats,
};

#[cfg(feature = "process")]
pub use cf_task::{__task, Batch, Call, CodecError, RemoteError, Task, registry, task};

/// What the expansion of `worker_test!` refers to.
#[cfg(all(feature = "process", not(cf_loom)))]
#[doc(hidden)]
pub mod __process {
    pub use inventory;

    pub use crate::process::TestEntry;
    #[cfg(unix)]
    pub use crate::process::frame;
}
