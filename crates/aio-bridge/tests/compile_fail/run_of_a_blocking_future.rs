//! M05: `run` takes a coroutine.

use aio_bridge::run;
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = run(future);
}
