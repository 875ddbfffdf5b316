//! M21: an awaitable future is no work to be run.

use aio_bridge::run_in_executor;
use cf_core::InlineExecutor;

fn main() {
    let (_promise, x) = aio_bridge::future::<u32>();
    let _ = run_in_executor(&InlineExecutor::new(), x);
}
