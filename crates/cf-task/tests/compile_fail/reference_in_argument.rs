//! Only the argument itself may be a reference.

use cf_task::task;

#[task]
fn greet(name: Option<&str>) -> String {
    name.unwrap_or("you").to_owned()
}

fn main() {
    assert_eq!(greet(None), "you");
}
