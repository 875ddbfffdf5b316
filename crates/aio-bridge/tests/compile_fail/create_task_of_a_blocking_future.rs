//! M05: a task runs a coroutine.

use aio_bridge::create_task;
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = create_task(future);
}
