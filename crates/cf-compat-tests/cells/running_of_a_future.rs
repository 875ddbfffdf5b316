//! M23: an awaitable future does not tell whether its work runs.

fn main() {
    let (_promise, x) = aio_bridge::future::<u32>();
    let _ = x.running();
}
