//! F11: a duration has no sign.

use std::time::Duration;

use cf_core::Promise;

fn main() {
    let (_promise, mut future) = Promise::<u32>::new();
    let _ = future.result_timeout(Duration::from_secs(-1));
}
