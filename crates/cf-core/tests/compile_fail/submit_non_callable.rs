//! What cannot be called cannot be submitted.

use cf_core::{Executor, InlineExecutor};

fn main() {
    let _ = InlineExecutor::new().submit(7);
}
