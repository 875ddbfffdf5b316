//! A call owns its arguments, so that there is nothing to name.

use cf_task::task;

#[task]
fn count<'a>(text: &'a str) -> usize {
    text.len()
}

fn main() {
    assert_eq!(count("four"), 4);
}
