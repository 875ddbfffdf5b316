//! A task may move between threads; `create_local_task` takes one that may not.

use std::rc::Rc;

use aio_bridge::create_task;

fn main() {
    let _ = create_task(async {
        let word = Rc::new("tea");
        tokio::task::yield_now().await;
        word.len()
    });
}
