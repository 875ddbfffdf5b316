//! Nobody elsewhere keeps the promises of an unsafe function.

use cf_task::task;

#[task]
unsafe fn poke(address: usize) -> usize {
    address
}

fn main() {
    assert_eq!(unsafe { poke(7) }, 7);
}
