//! M18, M23: an awaitable future does not block, so its result takes no timeout.

use std::time::Duration;

fn main() {
    let (_promise, mut x) = aio_bridge::future::<u32>();
    let _ = x.result_timeout(Duration::from_millis(100));
}
