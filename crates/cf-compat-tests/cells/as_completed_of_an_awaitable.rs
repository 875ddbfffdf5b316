//! M12, M13: a type that is only `IntoFuture` is not taken as it ends.

use aio_bridge::as_completed;

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
    let _ = as_completed([x]);
}
