//! AT30: a single future is no collection of awaitables.

use aio_bridge::{future, gather};

fn main() {
    let (_promise, future) = future::<u32>();
    let _ = gather(future);
}
