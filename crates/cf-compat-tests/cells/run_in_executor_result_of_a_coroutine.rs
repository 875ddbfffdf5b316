//! M21: a coroutine has no result to be asked for in another thread.

use aio_bridge::run_in_executor;
use cf_core::InlineExecutor;

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    let _ = run_in_executor(&InlineExecutor::new(), move || x.result());
}
