//! A single future is no collection of futures, and references cannot be consumed.

use cf_core::{Promise, gather};

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = gather([&future]);
    let _ = gather(future);
}
