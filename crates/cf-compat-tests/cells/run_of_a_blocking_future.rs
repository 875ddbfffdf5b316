//! M05: a blocking future is not what a loop runs.

use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    let _ = aio_bridge::run(x);
}
