//! M04: a blocking future is not protected.

use aio_bridge::shield;
use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    let _ = shield(x);
}
