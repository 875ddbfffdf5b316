//! M18 to M23: a coroutine has not this method of a future.

use std::time::Duration;

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    x.exception_timeout(Duration::from_millis(100));
}
