//! M23: an awaitable future belongs to no loop.

fn main() {
    let (_promise, x) = aio_bridge::future::<u32>();
    x.get_loop();
}
