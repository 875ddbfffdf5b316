//! M16: a type that is only `IntoFuture` is not waited for by a blocking call, in another thread either.

use aio_bridge::to_thread;
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
    let _ = to_thread(move || cf_core::wait([x], ReturnWhen::AllCompleted));
}
