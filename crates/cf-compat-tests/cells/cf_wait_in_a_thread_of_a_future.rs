//! M16: an awaitable future is not waited for by a blocking call, in another thread either.

use aio_bridge::to_thread;
use cf_core::ReturnWhen;

fn main() {
    let (_promise, x) = aio_bridge::future::<u32>();
    let _ = to_thread(move || cf_core::wait([x], ReturnWhen::AllCompleted));
}
