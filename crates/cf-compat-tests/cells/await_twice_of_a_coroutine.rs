//! M22: a coroutine is moved by its await.

async fn answer() -> u32 {
    42
}

async fn cell() {
    let x = answer();
    let _ = (x.await, x.await);
}

fn main() {
    let _ = cell();
}
