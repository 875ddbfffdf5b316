//! M23: a blocking future belongs to no loop.

use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    x.get_loop();
}
