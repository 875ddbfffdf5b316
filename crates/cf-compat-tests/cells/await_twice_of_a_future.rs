//! M22: an awaitable future is moved by its await.

async fn cell() {
    let (_promise, x) = aio_bridge::future::<u32>();
    let _ = (x.await, x.await);
}

fn main() {
    let _ = cell();
}
