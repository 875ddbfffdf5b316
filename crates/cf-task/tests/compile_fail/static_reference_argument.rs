//! What crosses lives as long as the call.

use cf_task::task;

#[task]
fn count(text: &'static str) -> usize {
    text.len()
}

fn main() {
    assert_eq!(count("four"), 4);
}
