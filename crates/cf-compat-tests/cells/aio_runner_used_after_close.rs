//! A runner that was closed is gone.

use aio_bridge::Runner;

fn main() {
    let mut runner = Runner::new().unwrap();
    runner.close();
    let _ = runner.run(async { 7 });
}
