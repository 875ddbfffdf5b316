//! A group is entered once.

use aio_bridge::{Error, TaskGroup};

fn main() {
    let _ = aio_bridge::run(async {
        let group = TaskGroup::scope(|_group| async { Ok::<_, Error>(()) });
        let _ = group.await;
        let _ = group.await;
    });
}
