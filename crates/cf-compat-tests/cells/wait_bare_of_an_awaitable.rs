//! M09: a type that is only `IntoFuture` by itself is no collection of futures.

use aio_bridge::{ReturnWhen, wait};

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
    let _ = wait(x, ReturnWhen::AllCompleted);
}
