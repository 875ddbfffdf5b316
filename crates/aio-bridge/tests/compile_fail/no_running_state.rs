//! AF01: an awaitable future is pending, cancelled or finished; only a blocking one can be running.

use aio_bridge::future;

fn main() {
    let (promise, future) = future::<u32>();
    let _ = future.running();
    let _ = promise.set_running_or_notify_cancel();
}
