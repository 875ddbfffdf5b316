//! P07: what has no serialised form is no argument of a task.

use cf_pool::task;

struct Handle(*const u8);

#[task]
fn read(handle: Handle) -> u8 {
    let _ = handle.0;
    0
}

fn main() {}
