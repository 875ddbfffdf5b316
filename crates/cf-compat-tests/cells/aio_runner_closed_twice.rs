//! A runner is closed once.

use aio_bridge::Runner;

fn main() {
    let runner = Runner::new().unwrap();
    runner.close();
    runner.close();
}
