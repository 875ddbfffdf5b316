//! What is run in a thread is called.

use aio_bridge::to_thread;

fn main() {
    let _ = to_thread(7);
}
