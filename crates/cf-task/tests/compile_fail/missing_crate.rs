//! The path given must export the attribute.

use cf_task::task;

#[task(crate = crate::parts)]
fn ping() {}

mod parts {}

fn main() {
    ping();
}
