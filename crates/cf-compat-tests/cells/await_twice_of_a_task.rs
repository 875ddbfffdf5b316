//! M22: a task is moved by its await.

async fn cell() {
    let x = aio_bridge::create_task(async { 42_u32 });
    let _ = (x.await, x.await);
}

fn main() {
    let _ = cell();
}
