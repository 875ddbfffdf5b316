//! Ten calls that block, all at once: `to_thread` has each run on a thread, `gather` awaits all of them.
//!
//! It takes about as long as the longest call, and the values come in the order of the calls.
//!
//! `cargo run --example from_python_to_thread`
//!
//! ```python
//! import asyncio, time
//!
//! def blocking(n):
//!     time.sleep(0.05 * n)
//!     return n
//!
//! async def main():
//!     print(await asyncio.gather(*(asyncio.to_thread(blocking, n) for n in range(10))))
//!
//! asyncio.run(main())
//! ```
//!
//! | Python 3.13                      | here                             |
//! |----------------------------------|----------------------------------|
//! | `[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]` | `[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]` |

use std::{thread, time::Duration};

use concurrent_futures::{BoxError, aio, prelude::*};

fn blocking(n: u64) -> u64 {
    thread::sleep(Duration::from_millis(50 * n));
    n
}

fn main() -> Result<(), BoxError> {
    run(async {
        let calls = (0..10).map(|n| to_thread(move || blocking(n)));
        println!("{:?}", aio::gather(calls).await?);
        Ok(())
    })?
}
