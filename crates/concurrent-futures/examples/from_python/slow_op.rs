//! Slow operations on a thread pool, and what becomes of each as soon as it is known: `as_completed`.
//!
//! One of the two workers is busy with the longest operation, the other one does all others meanwhile.
//!
//! `cargo run --example from_python_slow_op`
//!
//! ```python
//! import time
//! from concurrent.futures import ThreadPoolExecutor, as_completed
//!
//! def slow_op(seconds):
//!     time.sleep(seconds)
//!     return f"slept for {seconds} s"
//!
//! with ThreadPoolExecutor(2) as pool:
//!     seconds_of = {pool.submit(slow_op, seconds): seconds for seconds in [0.9, 0.1, -1, 0.2]}
//!     for future in as_completed(seconds_of):
//!         try:
//!             print(future.result())
//!         except ValueError as error:
//!             print(f"{seconds_of[future]} s: {error}")
//! ```
//!
//! | Python 3.13                               | here                                                                |
//! |-------------------------------------------|---------------------------------------------------------------------|
//! | `slept for 0.1 s`                         | `slept for 0.1 s`                                                   |
//! | `-1 s: sleep length must be non-negative` | `-1 s: cannot convert float seconds to Duration: value is negative` |
//! | `slept for 0.2 s`                         | `slept for 0.2 s`                                                   |
//! | `slept for 0.9 s`                         | `slept for 0.9 s`                                                   |

use std::{
    thread,
    time::{Duration, TryFromFloatSecsError},
};

use concurrent_futures::{BoxError, prelude::*};

fn slow_op(seconds: f64) -> Result<String, TryFromFloatSecsError> {
    thread::sleep(Duration::try_from_secs_f64(seconds)?);
    Ok(format!("slept for {seconds} s"))
}

fn main() -> Result<(), BoxError> {
    let pool = ThreadPoolExecutor::new(2)?;
    // What the dictionary is for in Python goes along with the outcome.
    let futures =
        [0.9, 0.1, -1.0, 0.2].map(|seconds| pool.submit(move || (seconds, slow_op(seconds))));
    for future in as_completed(futures) {
        match future.result()? {
            (_, Ok(slept)) => println!("{slept}"),
            (seconds, Err(error)) => println!("{seconds} s: {error}"),
        }
    }
    Ok(())
}
