//! M17: an awaitable future is not taken as it ends by a blocking call.

fn main() {
    let (_promise, x) = aio_bridge::future::<u32>();
    let _ = cf_core::as_completed([x]);
}
