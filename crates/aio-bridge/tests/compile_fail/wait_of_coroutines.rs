//! AT19: a coroutine is made a task first, or who waited would never see it again.

use aio_bridge::{ReturnWhen, wait};

fn main() {
    let _ = wait([async { 7 }], ReturnWhen::AllCompleted);
}
