//! M04: the macro takes what the function takes.

use aio_bridge::{gather, to_thread};
use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = gather!(to_thread(|| "tea"), future);
}
