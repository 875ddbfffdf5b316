//! What cannot be called with an item cannot be mapped.

use cf_core::{ClosureExecutor, InlineExecutor};

fn main() {
    let _ = InlineExecutor::new().map(7, [1, 2]);
}
