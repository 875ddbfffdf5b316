//! An option has a value.

use cf_task::task;

#[task("ping")]
fn ping() {}

fn main() {
    ping();
}
