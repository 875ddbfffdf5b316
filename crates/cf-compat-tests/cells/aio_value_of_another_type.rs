//! Futures and tasks have a type of value, for the compiler and not only for the reader.

use aio_bridge::{Task, create_task, future};

fn main() {
    let (promise, _future) = future::<String>();
    let _ = promise.set_result(7);
    let _: Task<String> = create_task(async { 7 });
}
