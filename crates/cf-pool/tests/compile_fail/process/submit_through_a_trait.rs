//! P04: nor can it where the pool is any executor.

use cf_core::{Executor, Future};
use cf_pool::ProcessPoolExecutor;

fn start<E: Executor<fn() -> u32>>(executor: &E) -> Future<u32> {
    executor.submit(|| 7)
}

fn main() {
    let _ = start(&ProcessPoolExecutor::new(1).unwrap());
}
