//! AF13: what is no error cannot be a failure.

use aio_bridge::future;

fn main() {
    let (promise, _future) = future::<u32>();
    let _ = promise.set_exception(7);
}
