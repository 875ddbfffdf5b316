//! F37: the reader of a future cannot fulfil it behind its executor's back.

use cf_core::{Executor, InlineExecutor};

fn main() {
    let future = InlineExecutor::new().submit(|| 1);
    let _ = future.set_result(2);
}
