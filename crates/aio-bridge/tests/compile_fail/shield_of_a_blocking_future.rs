//! M04: `shield` takes awaitables.

use aio_bridge::shield;
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = shield(future);
}
