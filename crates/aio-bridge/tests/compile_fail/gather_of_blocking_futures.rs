//! M04: `gather` takes awaitables; the message names the function that makes one of a blocking future.

use aio_bridge::gather;
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = gather([future]);
}
