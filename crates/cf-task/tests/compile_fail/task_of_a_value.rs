//! `task` is called with `::`.

use cf_task::task;

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = double.task(2);
}
