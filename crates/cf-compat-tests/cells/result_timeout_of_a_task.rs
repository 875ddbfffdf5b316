//! M18, M23: a task does not block, so its result takes no timeout.

use std::time::Duration;

fn main() {
    let mut x = aio_bridge::create_task(async { 42_u32 });
    let _ = x.result_timeout(Duration::from_millis(100));
}
