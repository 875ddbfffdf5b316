//! Tasks that sleep, taken in the order in which they wake up: asyncio's `as_completed`.
//!
//! `cargo run --example from_python_sleepers`
//!
//! ```python
//! import asyncio
//!
//! async def sleeper(name, seconds):
//!     await asyncio.sleep(seconds)
//!     return f"{name} slept for {seconds} s"
//!
//! async def main():
//!     sleepers = [sleeper("bear", 0.6), sleeper("cat", 0.2), sleeper("dog", 0.4)]
//!     for next_one in asyncio.as_completed(sleepers):
//!         print(await next_one)
//!
//! asyncio.run(main())
//! ```
//!
//! | Python 3.13            | here                   |
//! |------------------------|------------------------|
//! | `cat slept for 0.2 s`  | `cat slept for 0.2 s`  |
//! | `dog slept for 0.4 s`  | `dog slept for 0.4 s`  |
//! | `bear slept for 0.6 s` | `bear slept for 0.6 s` |

use std::time::Duration;

use concurrent_futures::{BoxError, aio, prelude::*, sleep};

async fn sleeper(name: &str, seconds: f64) -> String {
    sleep(Duration::from_secs_f64(seconds)).await;
    format!("{name} slept for {seconds} s")
}

fn main() -> Result<(), BoxError> {
    run(async {
        let sleepers = [
            sleeper("bear", 0.6),
            sleeper("cat", 0.2),
            sleeper("dog", 0.4),
        ];
        let mut completed = aio::as_completed(sleepers.map(create_task));
        while let Some(task) = completed.next().await {
            println!("{}", task.await?);
        }
        Ok(())
    })?
}
