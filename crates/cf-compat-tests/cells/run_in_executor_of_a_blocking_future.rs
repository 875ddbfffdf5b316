//! M21: a blocking future is no work to be run.

use aio_bridge::run_in_executor;
use cf_core::InlineExecutor;
use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    let _ = run_in_executor(&InlineExecutor::new(), x);
}
