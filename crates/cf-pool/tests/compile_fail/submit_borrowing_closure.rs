//! A task may outlive its submitter, so it cannot borrow from it; `scope` is for that.

use cf_pool::ThreadPoolExecutor;

fn main() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let text = String::from("local");
    let length = pool.submit(|| text.len());
    drop(text);
    let _ = length.result();
}
