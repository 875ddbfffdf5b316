//! M16: a coroutine is not waited for by a blocking call, in another thread either.

use aio_bridge::to_thread;
use cf_core::ReturnWhen;

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    let _ = to_thread(move || cf_core::wait([x], ReturnWhen::AllCompleted));
}
