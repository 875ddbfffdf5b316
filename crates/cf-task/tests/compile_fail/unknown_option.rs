//! There are two options.

use cf_task::task;

#[task(title = "ping")]
fn ping() {}

fn main() {
    ping();
}
