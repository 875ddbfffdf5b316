//! M07: a wait that nobody awaits is a warning, and an error where warnings are.

#![deny(unused_must_use)]

use aio_bridge::{ReturnWhen, wait};

fn main() {
    let (_promise, x) = aio_bridge::future::<u32>();
    wait([x], ReturnWhen::AllCompleted);
}
