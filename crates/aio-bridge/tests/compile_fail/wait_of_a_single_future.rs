//! AT19: a single future is no collection of futures.

use aio_bridge::{ReturnWhen, future, wait};

fn main() {
    let (_promise, future) = future::<u32>();
    let _ = wait(future, ReturnWhen::AllCompleted);
}
