//! M18, M23: a task does not block, so its exception takes no timeout.

use std::time::Duration;

fn main() {
    let x = aio_bridge::create_task(async { 42_u32 });
    let _ = x.exception_timeout(Duration::from_millis(100));
}
