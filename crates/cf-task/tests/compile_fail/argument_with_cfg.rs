//! Both sides must have the same arguments.

use cf_task::task;

#[task]
fn twice(#[cfg(all())] n: u32) -> u32 {
    n * 2
}

fn main() {
    assert_eq!(twice(2), 4);
}
