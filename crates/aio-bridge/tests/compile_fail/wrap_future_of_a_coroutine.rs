//! B12: a coroutine is awaitable already.

use aio_bridge::wrap_future;

fn main() {
    let _ = wrap_future(async { 7 });
}
