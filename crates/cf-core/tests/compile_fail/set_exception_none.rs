//! F29: nothing is not an error.

use cf_core::Promise;

fn main() {
    let (promise, future) = Promise::<u32>::new();
    let _ = promise.set_exception(None);
    let _ = future.result();
}
