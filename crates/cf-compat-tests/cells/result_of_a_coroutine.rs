//! M18 to M23: a coroutine has not this method of a future.

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    x.result();
}
