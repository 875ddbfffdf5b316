//! AF21: `result` and `exception` never wait, so there is nothing to limit.

use std::time::Duration;

use aio_bridge::future;

fn main() {
    let (_promise, mut future) = future::<u32>();
    let _ = future.result(Duration::from_secs(1));
    let _ = future.exception(Duration::from_secs(1));
}
