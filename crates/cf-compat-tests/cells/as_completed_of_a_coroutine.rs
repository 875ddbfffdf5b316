//! M12, M13: a coroutine is not taken as it ends.

use aio_bridge::as_completed;

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    let _ = as_completed([x]);
}
