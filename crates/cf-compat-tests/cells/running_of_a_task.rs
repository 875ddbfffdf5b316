//! M23: a task does not tell whether its work runs.

fn main() {
    let x = aio_bridge::create_task(async { 42_u32 });
    let _ = x.running();
}
