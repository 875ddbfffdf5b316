//! A value travels from the writer's thread to the reader's, so it must be `Send`.

use std::rc::Rc;

use cf_core::Promise;

fn write(promise: Promise<Rc<u32>>) {
    drop(promise);
}

fn main() {
    let _ = write;
}
