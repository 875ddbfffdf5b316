//! M22: a type that is only `IntoFuture` is moved by its await.

struct Order;

impl IntoFuture for Order {
    type Output = u32;
    type IntoFuture = std::future::Ready<u32>;

    fn into_future(self) -> Self::IntoFuture {
        std::future::ready(42)
    }
}

async fn cell() {
    let x = Order;
    let _ = (x.await, x.await);
}

fn main() {
    let _ = cell();
}
