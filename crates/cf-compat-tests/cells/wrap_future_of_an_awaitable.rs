//! M14: a type that is only `IntoFuture` is awaitable already.

use aio_bridge::wrap_future;

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
    let _ = wrap_future(x);
}
