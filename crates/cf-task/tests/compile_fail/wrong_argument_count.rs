//! A call takes as many arguments as the function.

use cf_task::task;

#[task]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

fn main() {
    let _ = add::task(1);
}
