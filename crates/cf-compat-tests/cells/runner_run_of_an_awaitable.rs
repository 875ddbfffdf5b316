//! M04, M05: a type that is only `IntoFuture` is not what a runner runs.

use aio_bridge::Runner;

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
    let mut runner = Runner::new().expect("a loop");
    let _ = runner.run(x);
}
