//! The caller decodes a type with a name.

use cf_task::task;

#[task]
fn squares(n: u32) -> impl Iterator<Item = u32> {
    (0..n).map(|i| i * i)
}

fn main() {
    assert_eq!(squares(3).sum::<u32>(), 5);
}
