//! M22: a coroutine is not in two places.

use aio_bridge::gather;

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    let _ = gather([x, x]);
}
