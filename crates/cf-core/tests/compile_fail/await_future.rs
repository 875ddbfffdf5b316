//! A blocking future is not awaitable; `aio_bridge::wrap_future` makes one that is.

use cf_core::Promise;

async fn read() -> u32 {
    let (_promise, future) = Promise::<u32>::new();
    future.await.unwrap()
}

fn main() {
    drop(read());
}
