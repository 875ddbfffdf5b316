//! M21: a type that is only `IntoFuture` has no result to be asked for in another thread.

use aio_bridge::run_in_executor;
use cf_core::InlineExecutor;

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
    let _ = run_in_executor(&InlineExecutor::new(), move || x.result());
}
