//! P37: a future cannot be sent to a task.

use cf_core::Future;
use cf_pool::task;

#[task]
fn read(future: Future<u32>) -> u32 {
    future.result().unwrap()
}

fn main() {}
