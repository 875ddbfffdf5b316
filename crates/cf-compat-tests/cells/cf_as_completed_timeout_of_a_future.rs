//! M17: an awaitable future is not taken as it ends by a blocking call, for a limited time either.

use std::time::Duration;

fn main() {
    let (_promise, x) = aio_bridge::future::<u32>();
    let _ = cf_core::as_completed_timeout([x], Duration::from_millis(100));
}
