//! M09: a blocking future is not waited for in a set, for a limited time either.

use std::time::Duration;

use aio_bridge::{ReturnWhen, wait_timeout};
use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    let _ = wait_timeout([x], Duration::from_millis(100), ReturnWhen::AllCompleted);
}
