//! F35: `Future<T>` is not a remark for a type checker, it is checked.

use cf_core::{Future, Promise};

fn main() {
    let (promise, future) = Promise::new();
    let _ = promise.set_result("text");
    let _: Future<u32> = future;
}
