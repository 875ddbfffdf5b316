//! M23: an awaitable future is only read.

fn main() {
    let (_promise, x) = aio_bridge::future::<u32>();
    x.set_result(1);
}
