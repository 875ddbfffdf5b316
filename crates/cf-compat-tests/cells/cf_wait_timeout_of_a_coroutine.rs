//! M16: a coroutine is not waited for by a blocking call, for a limited time either.

use std::time::Duration;

use cf_core::ReturnWhen;

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    let _ = cf_core::wait_timeout([x], Duration::from_millis(100), ReturnWhen::AllCompleted);
}
