//! M21: a task is no work to be run.

use aio_bridge::run_in_executor;
use cf_core::InlineExecutor;

fn main() {
    let x = aio_bridge::create_task(async { 42_u32 });
    let _ = run_in_executor(&InlineExecutor::new(), x);
}
