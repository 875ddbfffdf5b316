//! What is within an argument is owned.

use std::borrow::Cow;

use cf_task::task;

#[task]
fn count(text: Cow<'_, str>) -> usize {
    text.len()
}

fn main() {
    assert_eq!(count("four".into()), 4);
}
