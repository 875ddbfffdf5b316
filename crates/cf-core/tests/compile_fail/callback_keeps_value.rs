//! F17: a callback is lent the outcome for the time of the call; the value stays for `result`.

use std::sync::mpsc;

use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<String>::new();
    let (sender, _receiver) = mpsc::channel::<&'static String>();
    future.add_done_callback(move |done| sender.send(done.result().unwrap()).unwrap());
}
