//! F18: a callback runs on whatever thread ends the future, so it must be able to go there.

use std::rc::Rc;

use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let local = Rc::new(1);
    future.add_done_callback(move |_| drop(local));
}
