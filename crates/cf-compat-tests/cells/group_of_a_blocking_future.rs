//! M05: a blocking future is no member of a group.

use aio_bridge::{Error, TaskGroup};
use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    let _ = TaskGroup::scope(|group| async move {
        group.create_task(x)?;
        Ok::<_, Error>(())
    });
}
