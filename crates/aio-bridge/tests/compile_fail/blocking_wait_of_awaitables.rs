//! M16: a thread cannot wait for what the loop awaits; the message names the function that gives a blocking future.

use aio_bridge::{create_task, future};
use cf_core::{ReturnWhen, wait};

fn main() {
    let (_promise, future) = future::<u32>();
    let _ = wait([future], ReturnWhen::AllCompleted);
    let _ = wait([create_task(async { 7 })], ReturnWhen::AllCompleted);
}
