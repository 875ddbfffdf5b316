//! P04: `map` makes calls, so it takes `name::task` and not the function.

use cf_pool::{ProcessPoolExecutor, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let pool = ProcessPoolExecutor::new(1).unwrap();
    let _ = pool.map(double, 0..3);
}
