//! M15: what is run on the loop is a coroutine.

use aio_bridge::run_coroutine_threadsafe;
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _ = run_coroutine_threadsafe(future, runtime.handle());
}
