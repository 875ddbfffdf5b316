//! A worker runs no event loop.

use cf_task::task;

#[task]
async fn fetch(url: String) -> usize {
    url.len()
}

fn main() {
    drop(fetch(String::new()));
}
