//! The other process must know which types are meant.

use cf_task::task;

#[task]
fn largest<T: Ord>(values: Vec<T>) -> Option<T> {
    values.into_iter().max()
}

fn main() {
    assert_eq!(largest(vec![1, 3, 2]), Some(3));
}
