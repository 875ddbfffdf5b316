//! M18 to M23: a type that is only `IntoFuture` has not this method of a future.

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
    x.cancelled();
}
