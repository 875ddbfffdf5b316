//! M06: a blocking future is not awaited for a limited time.

use std::time::Duration;

use aio_bridge::wait_for;
use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    let _ = wait_for(x, Duration::from_secs(2));
}
