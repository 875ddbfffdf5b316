//! Loops to run a test on: one whose clock stands still while anything can run, and an ordinary one for what needs threads.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use aio_bridge::{Runner, create_task};
use tokio::runtime::{Builder, Runtime};

/// Nothing here takes as long; on a paused clock it is over at once.
pub(crate) const FAR: Duration = Duration::from_secs(24 * 60 * 60);

/// Far beyond what anything here takes on a loaded machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// Runs the test as the main task of a loop of one thread, where time passes only when nothing can run: what hangs, fails.
#[track_caller]
pub(crate) fn paused(test: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    run_on(runtime.unwrap(), FAR, test);
}

/// Runs the test as the main task of a loop of one thread, on the real clock.
#[track_caller]
pub(crate) fn on_loop(test: impl Future<Output = ()>) {
    run_on(one_thread(), LONG, test);
}

#[track_caller]
fn run_on(runtime: Runtime, limit: Duration, test: impl Future<Output = ()>) {
    let mut runner = Runner::with(runtime);
    let limited = async { tokio::time::timeout(limit, test).await.expect("it hangs") };
    if let Err(error) = runner.run(limited) {
        panic!("{error}");
    }
}

pub(crate) fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Lets time pass: on a paused clock at once, as soon as nothing can run.
pub(crate) async fn elapse(time: Duration) {
    // time: on the paused clock it costs none
    aio_bridge::sleep(time).await;
}

/// Waits until all tasks wait, or have ended; on a paused clock.
pub(crate) async fn settle() {
    elapse(ms(1)).await;
}

/// Gives the loop's other tasks one turn.
pub(crate) async fn turn() {
    tokio::task::yield_now().await;
}

/// Starts a task that gives the value after that time.
pub(crate) fn after<T: Send + 'static>(time: u64, value: T) -> aio_bridge::Task<T> {
    create_task(async move {
        elapse(ms(time)).await;
        value
    })
}

/// Polls once, for a look; nobody is woken.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
