//! E15: a buffer size is a whole number.

use cf_pool::ThreadPoolExecutor;

fn main() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let _ = pool.map(|n: u32| n, [1]).buffer_size("2");
}
