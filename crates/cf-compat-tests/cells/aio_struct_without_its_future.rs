//! What has a future is not made without it.

use aio_bridge::AioFuture;

struct Mine {
    name: &'static str,
    future: AioFuture<u32>,
}

fn main() {
    let mine = Mine { name: "tea" };
    println!("{}: {:?}", mine.name, mine.future);
}
