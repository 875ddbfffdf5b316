//! M04: a blocking future is no awaitable when it is shared, either.

use aio_bridge::gather;
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = gather([future.shared()]);
}
