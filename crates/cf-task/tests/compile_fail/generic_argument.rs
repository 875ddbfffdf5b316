//! `impl Trait` as an argument is a generic function, too.

use cf_task::task;

#[task]
fn shout(text: impl AsRef<str>) -> String {
    text.as_ref().to_uppercase()
}

fn main() {
    assert_eq!(shout("ok"), "OK");
}
