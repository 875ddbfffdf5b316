//! M09: a blocking future by itself is no collection of futures.

use aio_bridge::{ReturnWhen, wait};
use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    let _ = wait(x, ReturnWhen::AllCompleted);
}
