//! A call goes to another thread at least.

use std::rc::Rc;

use cf_task::task;

#[task]
fn length(text: Rc<String>) -> usize {
    text.len()
}

fn main() {
    assert_eq!(length(Rc::new(String::new())), 0);
}
