//! AT29: a future has one reader; a shared one can be cloned.

use aio_bridge::{future, gather};

fn main() {
    let (_promise, future) = future::<u32>();
    let _ = gather([future, future]);
}
