//! AT19: there are three reasons to return, and no others.

use aio_bridge::{future, wait};

fn main() {
    let (_promise, future) = future::<u32>();
    let _ = wait([future], "ALL_COMPLETED");
}
