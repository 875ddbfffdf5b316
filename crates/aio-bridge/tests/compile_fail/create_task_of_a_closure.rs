//! AT02: a function is called before it is a coroutine.

use aio_bridge::create_task;

fn main() {
    let _ = create_task(|| async { 7 });
}
