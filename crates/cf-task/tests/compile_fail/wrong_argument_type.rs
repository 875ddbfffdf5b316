//! A call takes what the function takes.

use cf_task::task;

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = double::task("two");
}
