//! AT30: nothing is started where one of the arguments is no awaitable.

use aio_bridge::{gather, to_thread};

fn main() {
    let _ = gather!(to_thread(|| 7), 7);
}
