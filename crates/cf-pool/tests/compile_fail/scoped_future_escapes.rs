//! What borrows from a scope does not leave it.

use cf_pool::ThreadPoolExecutor;

fn main() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let text = String::from("local");
    let escaped = pool.scope(|s| s.submit(|| text.len()));
    let _ = escaped.result();
}
