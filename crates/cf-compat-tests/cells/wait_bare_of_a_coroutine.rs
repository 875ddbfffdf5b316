//! M09: a coroutine by itself is no collection of futures.

use aio_bridge::{ReturnWhen, wait};

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    let _ = wait(x, ReturnWhen::AllCompleted);
}
