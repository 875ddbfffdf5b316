//! What is behind `dyn` is not known elsewhere.

use std::fmt::Display;

use cf_task::task;

#[task]
fn show(what: &dyn Display) -> String {
    what.to_string()
}

fn main() {
    assert_eq!(show(&7), "7");
}
