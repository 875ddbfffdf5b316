//! A closure that takes arguments is not submitted with them, it captures them.

use cf_core::{Executor, InlineExecutor};

fn main() {
    let _ = InlineExecutor::new().submit(|n: u32| n + 1);
}
