//! M17: a coroutine is not taken as it ends by a blocking call, for a limited time either.

use std::time::Duration;

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    let _ = cf_core::as_completed_timeout([x], Duration::from_millis(100));
}
