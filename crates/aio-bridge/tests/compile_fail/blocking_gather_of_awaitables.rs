//! M16: nor all at once.

use aio_bridge::{create_task, future};
use cf_core::gather;

fn main() {
    let (_promise, future) = future::<u32>();
    let _ = gather([future]);
    let _ = gather([create_task(async { 7 })]);
}
