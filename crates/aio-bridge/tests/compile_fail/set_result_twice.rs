//! AF06: a promise is fulfilled by value, so there is no second time.

use aio_bridge::future;

fn main() {
    let (promise, _future) = future();
    let _ = promise.set_result(1);
    let _ = promise.set_result(2);
}
