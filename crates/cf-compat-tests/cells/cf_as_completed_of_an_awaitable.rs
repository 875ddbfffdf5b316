//! M17: a type that is only `IntoFuture` is not taken as it ends by a blocking call.

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
    let _ = cf_core::as_completed([x]);
}
