//! F25: a promise is fulfilled by value, so there is no second time.

use cf_core::Promise;

fn main() {
    let (promise, future) = Promise::new();
    let _ = promise.set_result(1);
    let _ = promise.set_result(2);
    let _ = future.result();
}
