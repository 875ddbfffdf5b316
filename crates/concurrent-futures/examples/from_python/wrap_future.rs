//! Awaiting the futures of a thread pool: `wrap_future` makes them awaitable, `gather` awaits many.
//!
//! `cargo run --example from_python_wrap_future`
//!
//! ```python
//! import asyncio, time
//! from concurrent.futures import ThreadPoolExecutor
//!
//! def square(n):
//!     time.sleep(n / 10)
//!     return n * n
//!
//! async def main():
//!     with ThreadPoolExecutor(3) as pool:
//!         futures = [pool.submit(square, n) for n in [3, 1, 2]]
//!         print(await asyncio.gather(*map(asyncio.wrap_future, futures)))
//!
//!         on_a_thread = asyncio.wrap_future(pool.submit(square, 4))
//!         on_the_loop = asyncio.sleep(0.1, "the loop goes on")
//!         print(await asyncio.gather(on_a_thread, on_the_loop))
//!
//!         futures = [pool.submit(int, word) for word in ["1", "two", "3"]]
//!         for outcome in await asyncio.gather(*map(asyncio.wrap_future, futures), return_exceptions=True):
//!             print(outcome)
//!
//! asyncio.run(main())
//! ```
//!
//! | Python 3.13                                     | here                            |
//! |-------------------------------------------------|---------------------------------|
//! | `[9, 1, 4]`                                     | `[9, 1, 4]`                     |
//! | `[16, 'the loop goes on']`                      | `(16, "the loop goes on")`      |
//! | `1`                                             | `1`                             |
//! | `invalid literal for int() with base 10: 'two'` | `invalid digit found in string` |
//! | `3`                                             | `3`                             |

use std::{thread, time::Duration};

use concurrent_futures::{BoxError, aio, prelude::*, sleep};

fn square(n: u64) -> u64 {
    thread::sleep(Duration::from_millis(100 * n));
    n * n
}

fn main() -> Result<(), BoxError> {
    run(awaiting())?
}

async fn awaiting() -> Result<(), BoxError> {
    let pool = ThreadPoolExecutor::new(3)?;

    let futures = [3, 1, 2].map(|n| pool.submit(move || square(n)));
    println!("{:?}", aio::gather(futures.map(wrap_future)).await?);

    let on_a_thread = wrap_future(pool.submit(|| square(4)));
    let on_the_loop = async {
        sleep(Duration::from_millis(100)).await;
        "the loop goes on"
    };
    println!("{:?}", aio::gather!(on_a_thread, on_the_loop).await?);

    let futures = ["1", "two", "3"].map(|word| pool.submit(fallible(move || word.parse::<u32>())));
    let outcomes = aio::gather(futures.map(wrap_future)).return_exceptions();
    for outcome in outcomes.await? {
        match outcome {
            Ok(number) => println!("{number}"),
            Err(error) => println!("{error}"),
        }
    }

    pool.close().await; // the end of the `with` block, and the loop goes on meanwhile
    Ok(())
}
