//! M06: `wait_for` takes awaitables.

use std::time::Duration;

use aio_bridge::wait_for;
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = wait_for(future, Duration::from_secs(1));
}
