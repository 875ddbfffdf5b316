//! A function that computes, on every executor, by code that does not know which one it has been given.
//!
//! Here threads are enough to use all cores for it; in Python only processes compute at the same time.
//!
//! `cargo run --example from_python_cpu_bound --features process,rayon`
//!
//! ```python
//! import asyncio, os
//! from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
//!
//! LIMIT = 10**5 if "CF_SHORT" in os.environ else 10**7
//!
//! def cpu_bound(limit):
//!     return sum(i * i for i in range(limit))
//!
//! async def awaiting(executors):
//!     loop = asyncio.get_running_loop()
//!     for name, executor in executors.items():
//!         print(f"awaited, {name}: {await loop.run_in_executor(executor, cpu_bound, LIMIT)}")
//!
//! if __name__ == "__main__":
//!     with ThreadPoolExecutor() as threads, ProcessPoolExecutor() as processes:
//!         executors = {"threads": threads, "processes": processes}
//!         for name, executor in executors.items():
//!             print(f"{name}: {executor.submit(cpu_bound, LIMIT).result()}")
//!         asyncio.run(awaiting(executors))
//! ```
//!
//! With `CF_SHORT=1`; without it all sums are 333333283333335000000, here and there:
//!
//! | Python 3.13                           | here                                  |
//! |---------------------------------------|---------------------------------------|
//! | `threads: 333328333350000`            | `threads: 333328333350000`            |
//! | `processes: 333328333350000`          | `processes: 333328333350000`          |
//! |                                       | `rayon: 333328333350000`              |
//! | `awaited, threads: 333328333350000`   | `awaited, threads: 333328333350000`   |
//! | `awaited, processes: 333328333350000` | `awaited, processes: 333328333350000` |
//! |                                       | `awaited, rayon: 333328333350000`     |

use concurrent_futures::{BoxError, prelude::*};

#[task]
fn cpu_bound(limit: u64) -> u128 {
    (0..limit).map(|i| u128::from(i * i)).sum() // more than 64 bits hold
}

fn main() -> Result<(), BoxError> {
    concurrent_futures::init();
    let is_short = std::env::var_os("CF_SHORT").is_some();
    let limit = if is_short { 100_000 } else { 10_000_000 };

    let threads = ThreadPoolExecutor::new(2)?;
    let processes = ProcessPoolExecutor::new(2)?;
    let rayon = RayonExecutor::new(rayon::ThreadPoolBuilder::new().build()?);

    println!("threads: {}", blocking(&threads, limit)?);
    println!("processes: {}", blocking(&processes, limit)?);
    println!("rayon: {}", blocking(&rayon, limit)?);
    run(async {
        println!("awaited, threads: {}", awaiting(&threads, limit).await?);
        println!("awaited, processes: {}", awaiting(&processes, limit).await?);
        println!("awaited, rayon: {}", awaiting(&rayon, limit).await?);
        Ok(())
    })?
}

/// A call that can cross to a worker process can as well be made on a thread: this takes every executor.
fn blocking(executor: &impl Executor<Call<u128>>, limit: u64) -> Result<u128, Error> {
    executor.submit(cpu_bound::task(limit)).result()
}

async fn awaiting(executor: &impl Executor<Call<u128>>, limit: u64) -> Result<u128, Error> {
    run_in_executor(executor, cpu_bound::task(limit)).await
}
