//! M14: a coroutine is awaitable already.

use aio_bridge::wrap_future;

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    let _ = wrap_future(x);
}
