//! There is no future before it was made.

use aio_bridge::AioFuture;

fn main() {
    let future: AioFuture<u32>;
    let _ = future.done();
}
