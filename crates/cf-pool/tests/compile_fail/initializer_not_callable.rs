//! T11: an initializer is something that can be called.

use cf_pool::ThreadPoolExecutor;

fn main() {
    let _ = ThreadPoolExecutor::builder().initializer(7).build();
}
