//! M21: a coroutine is no work to be run.

use aio_bridge::run_in_executor;
use cf_core::InlineExecutor;

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    let _ = run_in_executor(&InlineExecutor::new(), x);
}
