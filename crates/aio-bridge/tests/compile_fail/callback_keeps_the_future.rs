//! A callback is lent the outcome for the call.

use aio_bridge::future;

fn main() {
    let (_promise, future) = future::<String>();
    let (tell, _told) = std::sync::mpsc::channel();
    future.add_done_callback(move |done| tell.send(done.result().unwrap()).unwrap());
}
