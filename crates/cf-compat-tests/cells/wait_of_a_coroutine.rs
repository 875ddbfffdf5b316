//! M08 to M11: a coroutine is not waited for in a set.

use aio_bridge::{ReturnWhen, wait};

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    let _ = wait([x], ReturnWhen::AllCompleted);
}
