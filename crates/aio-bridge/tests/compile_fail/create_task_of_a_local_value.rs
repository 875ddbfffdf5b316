//! A task's value goes to who awaits it, on whatever thread.

use std::rc::Rc;

use aio_bridge::create_task;

fn main() {
    let _ = create_task(async { Rc::new("tea") });
}
