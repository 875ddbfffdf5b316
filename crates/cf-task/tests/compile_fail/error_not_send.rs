//! A boxed error must be able to leave its thread.

use std::error::Error;

use cf_task::task;

#[task]
fn parse(text: String) -> Result<u32, Box<dyn Error>> {
    Ok(text.parse()?)
}

fn main() {
    assert!(parse("x".to_owned()).is_err());
}
