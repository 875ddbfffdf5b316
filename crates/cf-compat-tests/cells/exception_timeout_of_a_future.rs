//! M18, M23: an awaitable future does not block, so its exception takes no timeout.

use std::time::Duration;

fn main() {
    let (_promise, x) = aio_bridge::future::<u32>();
    let _ = x.exception_timeout(Duration::from_millis(100));
}
