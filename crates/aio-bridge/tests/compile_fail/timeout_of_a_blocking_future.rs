//! A limit of time is put on something that can be awaited.

use std::time::Duration;

use aio_bridge::timeout;
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = timeout(Duration::from_secs(1), future);
}
