//! M16: a task is not waited for by a blocking call, for a limited time either.

use std::time::Duration;

use cf_core::ReturnWhen;

fn main() {
    let x = aio_bridge::create_task(async { 42_u32 });
    let _ = cf_core::wait_timeout([x], Duration::from_millis(100), ReturnWhen::AllCompleted);
}
