//! M23: a task is only read.

fn main() {
    let x = aio_bridge::create_task(async { 42_u32 });
    x.set_result(1);
}
