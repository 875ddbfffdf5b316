//! What a done callback knows of who added it: nothing but what its closure captured.

use std::time::Duration;

use aio_bridge::{future, run};

tokio::task_local! {
    static NAME: &'static str;
}

// AF09
#[test]
fn a_callback_does_not_run_in_the_context_in_which_it_was_added() {
    let (captured, ambient) = run(async {
        let (promise, future) = future();
        let (tell, told) = tokio::sync::oneshot::channel();
        let added = async {
            let captured = NAME.get();
            future.add_done_callback(move |_| {
                let _ = tell.send((captured, NAME.try_get().ok()));
            });
        };
        NAME.scope("adder", added).await;
        promise.set_result(7).unwrap();
        tokio::time::timeout(Duration::from_secs(10), told).await
    })
    .unwrap()
    .unwrap()
    .unwrap();
    assert_eq!((captured, ambient), ("adder", None));
}
