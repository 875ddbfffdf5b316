//! M16: an awaitable future is not waited for by a blocking call, for a limited time either.

use std::time::Duration;

use cf_core::ReturnWhen;

fn main() {
    let (_promise, x) = aio_bridge::future::<u32>();
    let _ = cf_core::wait_timeout([x], Duration::from_millis(100), ReturnWhen::AllCompleted);
}
