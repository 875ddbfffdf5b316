//! A task has a body.

use cf_task::task;

trait Shop {
    #[task]
    fn total(n: u32) -> u32;
}

fn main() {}
