//! What serde can encode may still be bound to its thread.

use std::marker::PhantomData;

use cf_task::task;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Local {
    number: u32,
    bound: PhantomData<*const ()>,
}

#[task]
fn number(local: Local) -> u32 {
    local.number
}

fn main() {
    assert_eq!(number(Local { number: 1, bound: PhantomData }), 1);
}
