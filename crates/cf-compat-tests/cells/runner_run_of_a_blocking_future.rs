//! M04, M05: a blocking future is not what a runner runs.

use aio_bridge::Runner;
use cf_core::Promise;

fn main() {
    let (_promise, x) = Promise::<u32>::new();
    let mut runner = Runner::new().expect("a loop");
    let _ = runner.run(x);
}
