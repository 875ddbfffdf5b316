//! M09: a coroutine is not waited for in a set, for a limited time either.

use std::time::Duration;

use aio_bridge::{ReturnWhen, wait_timeout};

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    let _ = wait_timeout([x], Duration::from_millis(100), ReturnWhen::AllCompleted);
}
