//! M01: a blocking future cannot be awaited; the words are rustc's.

use cf_core::Promise;

async fn cell() {
    let (_promise, x) = Promise::<u32>::new();
    let _ = x.await;
}

fn main() {
    let _ = cell();
}
