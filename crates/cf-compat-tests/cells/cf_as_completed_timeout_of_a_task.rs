//! M17: a task is not taken as it ends by a blocking call, for a limited time either.

use std::time::Duration;

fn main() {
    let x = aio_bridge::create_task(async { 42_u32 });
    let _ = cf_core::as_completed_timeout([x], Duration::from_millis(100));
}
