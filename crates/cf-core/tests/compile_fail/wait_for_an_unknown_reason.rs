//! W13: when to return is one of three values, not a text.

use cf_core::{Promise, wait};

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = wait([future], "ALL_DONE");
}
