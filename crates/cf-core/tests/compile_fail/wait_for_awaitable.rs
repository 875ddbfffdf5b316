//! An awaitable future is not waited for by a blocking call; the message names the function that makes a blocking one.

use cf_core::{ReturnWhen, wait};

fn main() {
    let _ = wait([std::future::ready(1)], ReturnWhen::AllCompleted);
}
