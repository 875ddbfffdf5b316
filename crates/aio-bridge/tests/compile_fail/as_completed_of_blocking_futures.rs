//! M12: `as_completed` takes awaitable futures and tasks.

use aio_bridge::as_completed;
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = as_completed([future]);
}
