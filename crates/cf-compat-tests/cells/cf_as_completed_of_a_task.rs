//! M17: a task is not taken as it ends by a blocking call.

fn main() {
    let x = aio_bridge::create_task(async { 42_u32 });
    let _ = cf_core::as_completed([x]);
}
