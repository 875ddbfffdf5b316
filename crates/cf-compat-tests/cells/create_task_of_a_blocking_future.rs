//! M05: a blocking future is no coroutine.

use aio_bridge::create_task;
use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    let _ = create_task(x);
}
