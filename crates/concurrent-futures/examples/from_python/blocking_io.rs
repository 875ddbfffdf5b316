//! A function that blocks, on every executor: first for a thread that waits for the result, then for a task that awaits it.
//!
//! `cargo run --example from_python_blocking_io --features process,rayon`
//!
//! ```python
//! import asyncio
//! from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
//!
//! def blocking_io():
//!     with open("/dev/urandom", "rb") as urandom:
//!         return urandom.read(100)
//!
//! async def awaiting(threads, processes):
//!     loop = asyncio.get_running_loop()
//!     for name, executor in [("default", None), ("threads", threads), ("processes", processes)]:
//!         random = await loop.run_in_executor(executor, blocking_io)
//!         print(f"awaited, {name}: {len(random)} bytes")
//!
//! if __name__ == "__main__":
//!     with ThreadPoolExecutor() as threads, ProcessPoolExecutor() as processes:
//!         for name, executor in [("threads", threads), ("processes", processes)]:
//!             random = executor.submit(blocking_io).result()
//!             print(f"{name}: {len(random)} bytes")
//!         asyncio.run(awaiting(threads, processes))
//! ```
//!
//! | Python 3.13                     | here                            |
//! |---------------------------------|---------------------------------|
//! | `threads: 100 bytes`            | `threads: 100 bytes`            |
//! | `processes: 100 bytes`          | `processes: 100 bytes`          |
//! |                                 | `rayon: 100 bytes`              |
//! | `awaited, default: 100 bytes`   | `awaited, default: 100 bytes`   |
//! | `awaited, threads: 100 bytes`   | `awaited, threads: 100 bytes`   |
//! | `awaited, processes: 100 bytes` | `awaited, processes: 100 bytes` |
//! |                                 | `awaited, rayon: 100 bytes`     |

use std::{
    fs::File,
    io::{self, Read},
};

use concurrent_futures::{BoxError, prelude::*};

#[task] // lets worker processes call it; it stays an ordinary function
fn blocking_io() -> io::Result<Vec<u8>> {
    let mut random = vec![0; 100];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(random)
}

fn main() -> Result<(), BoxError> {
    concurrent_futures::init(); // worker processes are this program, started once more
    let threads = ThreadPoolExecutor::new(2)?;
    let processes = ProcessPoolExecutor::new(2)?;
    let rayon = RayonExecutor::new(rayon::ThreadPoolBuilder::new().build()?);

    let random = threads.submit(fallible(blocking_io)).result()?;
    println!("threads: {} bytes", random.len());

    let random = processes.submit(blocking_io::task()).result()?;
    println!("processes: {} bytes", random.len());

    let random = rayon.submit(fallible(blocking_io)).result()?;
    println!("rayon: {} bytes", random.len());

    run(awaiting(threads, processes, rayon))?
}

async fn awaiting(
    threads: ThreadPoolExecutor,
    processes: ProcessPoolExecutor,
    rayon: RayonExecutor,
) -> Result<(), BoxError> {
    let random = to_thread(fallible(blocking_io)).await?;
    println!("awaited, default: {} bytes", random.len());

    let random = run_in_executor(&threads, fallible(blocking_io)).await?;
    println!("awaited, threads: {} bytes", random.len());

    let random = run_in_executor(&processes, blocking_io::task()).await?;
    println!("awaited, processes: {} bytes", random.len());

    let random = run_in_executor(&rayon, fallible(blocking_io)).await?;
    println!("awaited, rayon: {} bytes", random.len());

    // The end of a `with` block, for a loop: it waits without blocking.
    threads.close().await;
    processes.close().await;
    Ok(())
}
