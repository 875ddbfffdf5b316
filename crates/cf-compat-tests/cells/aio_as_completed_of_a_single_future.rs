//! What comes as it ends is a set, and not one future or coroutine.

use aio_bridge::{as_completed, future};

fn main() {
    let (_promise, future) = future::<u32>();
    let _ = as_completed(future);
    let _ = as_completed(async { 7 });
}
