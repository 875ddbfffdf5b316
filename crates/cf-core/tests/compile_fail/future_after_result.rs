//! F09: `result` moves the value out, so it is called once; `shared` makes a future for many readers.

use cf_core::Promise;

fn main() {
    let (promise, future) = Promise::new();
    let _ = promise.set_result(String::from("once"));
    let _ = future.result();
    let _ = future.result();
}
