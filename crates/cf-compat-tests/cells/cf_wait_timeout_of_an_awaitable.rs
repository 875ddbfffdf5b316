//! M16: a type that is only `IntoFuture` is not waited for by a blocking call, for a limited time either.

use std::time::Duration;

use cf_core::ReturnWhen;

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
    let _ = cf_core::wait_timeout([x], Duration::from_millis(100), ReturnWhen::AllCompleted);
}
