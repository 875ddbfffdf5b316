//! P37: nor can a pool.

use cf_pool::{ProcessPoolExecutor, task};

#[task]
fn submit_to(pool: ProcessPoolExecutor) {
    pool.shutdown();
}

fn main() {}
