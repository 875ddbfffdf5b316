//! P04: a closure cannot be sent to another process.

use cf_pool::ProcessPoolExecutor;

fn main() {
    let pool = ProcessPoolExecutor::new(1).unwrap();
    let n = 7;
    let _ = pool.submit(move || n + 1);
}
