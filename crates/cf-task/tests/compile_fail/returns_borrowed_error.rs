//! An error is owned, too.

use cf_task::task;

#[task]
fn parse(text: &str) -> Result<u32, &str> {
    text.parse().map_err(|_| text)
}

fn main() {
    assert_eq!(parse("x"), Err("x"));
}
