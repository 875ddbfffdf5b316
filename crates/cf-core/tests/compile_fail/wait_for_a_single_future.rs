//! W17: a single future is no collection of futures.

use cf_core::{Promise, ReturnWhen, wait};

fn main() {
    let (_promise, future) = Promise::<u32>::new();
    let _ = wait(future, ReturnWhen::AllCompleted);
}
