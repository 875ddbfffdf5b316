//! A name has letters.

use cf_task::task;

#[task(name = "")]
fn ping() {}

fn main() {
    ping();
}
