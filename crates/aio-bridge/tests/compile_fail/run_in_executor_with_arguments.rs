//! B02: a callable takes no arguments of whatever kind; a closure captures them.

use aio_bridge::run_in_executor;
use cf_core::InlineExecutor;

fn main() {
    let _ = run_in_executor(&InlineExecutor::new(), |n: u32| n, 7);
}
