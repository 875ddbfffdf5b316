//! M01: a blocking future is not awaited as it is; `wrap_future` makes one that is.

use cf_core::Promise;

fn main() {
    let _ = aio_bridge::run(async {
        let (_promise, future) = Promise::<u32>::new();
        future.await
    });
}
