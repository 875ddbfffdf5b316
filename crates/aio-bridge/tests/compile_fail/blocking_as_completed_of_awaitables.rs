//! M17: neither one by one.

use aio_bridge::{create_task, future};
use cf_core::as_completed;

fn main() {
    let (_promise, future) = future::<u32>();
    for _ in as_completed([future]) {}
    for _ in as_completed([create_task(async { 7 })]) {}
}
