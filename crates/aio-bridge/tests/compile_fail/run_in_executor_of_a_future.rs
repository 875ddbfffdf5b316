//! M21: a future is nothing that can be called.

use aio_bridge::run_in_executor;
use cf_core::{InlineExecutor, Promise};

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = run_in_executor(&InlineExecutor::new(), future);
}
