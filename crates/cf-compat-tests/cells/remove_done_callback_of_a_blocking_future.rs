//! M23: a blocking future keeps its callbacks.

use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    x.remove_done_callback(());
}
