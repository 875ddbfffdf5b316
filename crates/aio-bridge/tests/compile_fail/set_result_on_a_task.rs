//! AT04: a task's outcome is its coroutine's.

use aio_bridge::create_task;

fn main() {
    let _ = create_task(async { 7 }).set_result(8);
    let _ = create_task(async { 7 }).set_exception("out of paper");
}
