//! A task has one name.

use cf_task::task;

#[task(name = "ping", name = "pong")]
fn ping() {}

fn main() {
    ping();
}
