//! M15: a type that is only `IntoFuture` is no coroutine.

use aio_bridge::run_coroutine_threadsafe;
use tokio::runtime::Handle;

struct Order;

impl IntoFuture for Order {
    type Output = u32;
    type IntoFuture = std::future::Ready<u32>;

    fn into_future(self) -> Self::IntoFuture {
        std::future::ready(42)
    }
}

fn main() {
    let x = Order;
    let _ = run_coroutine_threadsafe(x, &Handle::current());
}
