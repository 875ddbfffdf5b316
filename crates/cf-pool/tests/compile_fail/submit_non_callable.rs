//! E02: what cannot be called cannot be submitted.

use cf_pool::ThreadPoolExecutor;

fn main() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let _ = pool.submit(7);
}
