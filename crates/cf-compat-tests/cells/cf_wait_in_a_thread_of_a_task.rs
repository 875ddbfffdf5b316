//! M16: a task is not waited for by a blocking call, in another thread either.

use aio_bridge::to_thread;
use cf_core::ReturnWhen;

fn main() {
    let x = aio_bridge::create_task(async { 42_u32 });
    let _ = to_thread(move || cf_core::wait([x], ReturnWhen::AllCompleted));
}
