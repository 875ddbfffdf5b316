//! M05: so does a task of a group.

use aio_bridge::{TaskGroup, run};
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = run(TaskGroup::scope(|group| async move {
        group.create_task(future)?;
        Ok::<_, aio_bridge::Error>(())
    }));
}
