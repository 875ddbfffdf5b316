//! M09: a type that is only `IntoFuture` is not waited for in a set, for a limited time either.

use std::time::Duration;

use aio_bridge::{ReturnWhen, wait_timeout};

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
    let _ = wait_timeout([x], Duration::from_millis(100), ReturnWhen::AllCompleted);
}
