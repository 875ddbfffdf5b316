//! M12, M13: a blocking future is not taken as it ends.

use aio_bridge::as_completed;
use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    let _ = as_completed([x]);
}
