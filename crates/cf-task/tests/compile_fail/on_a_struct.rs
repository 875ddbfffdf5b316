//! A task is a function.

use cf_task::task;

#[task]
struct Order {
    number: u32,
}

fn main() {
    assert_eq!(Order { number: 3 }.number, 3);
}
