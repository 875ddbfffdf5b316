//! M16: a coroutine is not waited for by a blocking call.

use cf_core::ReturnWhen;

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    let _ = cf_core::wait([x], ReturnWhen::AllCompleted);
}
