//! M17: a coroutine is not taken as it ends by a blocking call.

async fn answer() -> u32 {
    42
}

fn main() {
    let x = answer();
    let _ = cf_core::as_completed([x]);
}
