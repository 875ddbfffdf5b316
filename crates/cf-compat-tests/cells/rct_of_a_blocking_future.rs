//! M15: a blocking future is no coroutine.

use aio_bridge::run_coroutine_threadsafe;
use cf_core::Promise;
use tokio::runtime::Handle;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    let _ = run_coroutine_threadsafe(x, &Handle::current());
}
