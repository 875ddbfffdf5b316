//! E15: a map is over items.

use cf_pool::ThreadPoolExecutor;

fn main() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let _ = pool.map(|n: u64| n).buffer_size(2);
}
