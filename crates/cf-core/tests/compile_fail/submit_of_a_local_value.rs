//! A closure runs in another thread: what it captures must be `Send`, and the message says which value is not.

use std::rc::Rc;

use cf_core::{Executor, InlineExecutor};

fn main() {
    let local = Rc::new(1);
    let _ = InlineExecutor::new().submit(move || drop(local));
}
