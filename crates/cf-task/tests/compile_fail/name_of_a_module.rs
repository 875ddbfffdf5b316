//! A task has a type of its name, so that a module of this name is one too many.

use cf_task::task;

mod resize {
    pub fn by_half(n: u32) -> u32 {
        n / 2
    }
}

#[task]
fn resize(n: u32) -> u32 {
    resize::by_half(n)
}

fn main() {
    assert_eq!(resize(4), 2);
}
