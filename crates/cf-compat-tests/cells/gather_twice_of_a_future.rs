//! M22: an awaitable future is not in two places.

use aio_bridge::gather;

fn main() {
    let (_promise, x) = aio_bridge::future::<u32>();
    let _ = gather([x, x]);
}
