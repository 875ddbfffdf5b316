//! B07: a coroutine is not called but run on the loop.

use aio_bridge::to_thread;

fn main() {
    let _ = to_thread(async { 7 });
}
