//! M08 to M11: a blocking future is not waited for in a set.

use aio_bridge::{ReturnWhen, wait};
use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    let _ = wait([x], ReturnWhen::AllCompleted);
}
