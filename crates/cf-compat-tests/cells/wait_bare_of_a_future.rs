//! M09: an awaitable future by itself is no collection of futures.

use aio_bridge::{ReturnWhen, wait};

fn main() {
    let (_promise, x) = aio_bridge::future::<u32>();
    let _ = wait(x, ReturnWhen::AllCompleted);
}
