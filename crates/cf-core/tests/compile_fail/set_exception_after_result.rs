//! F26: a promise that was fulfilled cannot be failed afterwards.

use cf_core::Promise;

fn main() {
    let (promise, future) = Promise::new();
    let _ = promise.set_result(1);
    let _ = promise.set_exception("too late");
    let _ = future.result();
}
