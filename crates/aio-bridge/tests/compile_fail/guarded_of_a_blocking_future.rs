//! What is polled under the guard is a coroutine.

use aio_bridge::guarded;
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = guarded(future);
}
