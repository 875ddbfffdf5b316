//! A pointer means nothing elsewhere.

use cf_task::task;

#[task]
fn address(pointer: *const u8) -> usize {
    pointer as usize
}

fn main() {
    assert_eq!(address(std::ptr::null()), 0);
}
