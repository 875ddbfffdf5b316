//! B20: who awaits has no way to fulfil.

use aio_bridge::wrap_future;
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = wrap_future(future).set_result(7);
}
