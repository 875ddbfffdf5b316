//! B12: an integer is no future.

use aio_bridge::wrap_future;

fn main() {
    let _ = wrap_future(7);
}
