//! AT46: a group that is not entered does not exist.

use aio_bridge::TaskGroup;

fn main() {
    let group = TaskGroup::new();
    let _ = group.create_task(async { 7 });
}
