//! M22: its value is moved out; `shared` makes a future that is awaited any number of times.

fn main() {
    let _ = aio_bridge::run(async {
        let (_promise, future) = aio_bridge::future::<u32>();
        let _ = future.await;
        let _ = future.await;
    });
}
