//! AF04: a cancellation carries no message.

use aio_bridge::future;

fn main() {
    let (_promise, future) = future::<u32>();
    future.cancel("out of paper");
}
