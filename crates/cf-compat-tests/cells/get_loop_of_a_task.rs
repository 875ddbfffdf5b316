//! M23: a task belongs to no loop.

fn main() {
    let x = aio_bridge::create_task(async { 42_u32 });
    x.get_loop();
}
