//! M08, M09: what hangs or fails late in Python.

use aio_bridge::{ReturnWhen, wait};
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = wait([future], ReturnWhen::AllCompleted);
}
