//! Calls that may run at the same time cannot share a closure that changes what it captured.

use cf_core::{ClosureExecutor, InlineExecutor};

fn main() {
    let mut words = Vec::new();
    let _ = InlineExecutor::new().map(move |word: u32| words.push(word), [1, 2]);
}
