//! A cancellation carries no message.

use aio_bridge::create_task;

fn main() {
    let task = create_task(async { 7 });
    task.cancel("my message");
}
