//! A task cannot write where its caller is.

use cf_task::task;

#[task]
fn sort(values: &mut Vec<u32>) {
    values.sort_unstable();
}

fn main() {
    let mut values = vec![2, 1];
    sort(&mut values);
    assert_eq!(values, [1, 2]);
}
