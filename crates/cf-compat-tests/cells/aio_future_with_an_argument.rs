//! A future is made of nothing.

use aio_bridge::future;

fn main() {
    let _ = future::<u32>(42);
}
