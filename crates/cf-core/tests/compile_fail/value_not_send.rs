//! A value travels from the writer's thread to the reader's, so it must be `Send`.

use std::rc::Rc;

use cf_core::Promise;

fn main() {
    let (promise, future) = Promise::new();
    let _ = promise.set_result(Rc::new(1));
    let _ = future.result();
}
