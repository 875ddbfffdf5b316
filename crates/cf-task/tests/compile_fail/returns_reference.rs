//! What comes from elsewhere is owned.

use cf_task::task;

#[task]
fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or(text)
}

fn main() {
    assert_eq!(first_word("a b"), "a");
}
