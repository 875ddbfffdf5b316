//! What is called `Result` is taken for the standard library's.

use cf_task::task;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Result {
    total: u32,
}

#[task]
fn evaluate(n: u32) -> Result {
    Result { total: n }
}

fn main() {
    assert_eq!(evaluate(3).total, 3);
}
