//! M22: a task is not in two places.

use aio_bridge::gather;

fn main() {
    let x = aio_bridge::create_task(async { 42_u32 });
    let _ = gather([x, x]);
}
