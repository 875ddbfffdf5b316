//! M09: a task by itself is no collection of futures.

use aio_bridge::{ReturnWhen, wait};

fn main() {
    let x = aio_bridge::create_task(async { 42_u32 });
    let _ = wait(x, ReturnWhen::AllCompleted);
}
