//! M22: a coroutine runs once.

fn main() {
    let _ = aio_bridge::run(async {
        let coroutine = async { 7 };
        coroutine.await + coroutine.await
    });
}
