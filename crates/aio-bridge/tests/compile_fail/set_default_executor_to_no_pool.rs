//! B04: the default executor is a pool of threads.

use aio_bridge::set_default_executor;
use cf_core::InlineExecutor;

fn main() {
    set_default_executor(InlineExecutor::new());
}
