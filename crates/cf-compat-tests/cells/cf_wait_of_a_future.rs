//! M16: an awaitable future is not waited for by a blocking call.

use cf_core::ReturnWhen;

fn main() {
    let (_promise, x) = aio_bridge::future::<u32>();
    let _ = cf_core::wait([x], ReturnWhen::AllCompleted);
}
