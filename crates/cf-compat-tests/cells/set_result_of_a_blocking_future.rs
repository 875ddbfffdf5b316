//! M23: a blocking future is only read.

use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    x.set_result(1);
}
