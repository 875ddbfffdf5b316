//! A name is a text.

use aio_bridge::create_named_task;

fn main() {
    let _ = create_named_task(1_234_567_890, async { 7 });
}
