//! M04: a blocking future is not gathered.

use aio_bridge::gather;
use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    let _ = gather([x]);
}
