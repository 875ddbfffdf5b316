//! A call that nobody submits is a mistake.

#![deny(unused_must_use)]

use cf_task::task;

#[task]
fn ping() {}

fn main() {
    ping::task();
}
