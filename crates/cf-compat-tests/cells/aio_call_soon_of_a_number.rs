//! What is called soon can be called, and is no coroutine.

use aio_bridge::call_soon_threadsafe;
use tokio::runtime::Handle;

fn main() {
    call_soon_threadsafe(&Handle::current(), 7);
    call_soon_threadsafe(&Handle::current(), async {});
}
