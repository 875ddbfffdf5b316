//! What a loop runs is a coroutine.

use aio_bridge::run;

fn main() {
    let _ = run("blah");
    let _ = run(|| 7);
}
