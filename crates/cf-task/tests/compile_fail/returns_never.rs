//! A task has something to give.

use cf_task::task;

#[task]
fn stop(code: i32) -> ! {
    std::process::exit(code)
}

fn main() {
    stop(0);
}
