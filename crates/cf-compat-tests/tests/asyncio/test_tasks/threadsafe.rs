//! Coroutines that a thread hands to the loop.

use std::time::Duration;

use aio_bridge::{
    Error, TimedOut, create_task, current_task, fallible, run_coroutine_threadsafe, to_thread,
};
use tokio::runtime::Handle;

use crate::{
    clock::{FAR, LONG, elapse, ms, on_loop, turn},
    notes::Notes,
};

/// Adds both, unless it is to fail; on the loop.
async fn add(a: u32, b: u32, fails: bool) -> Result<u32, &'static str> {
    turn().await;
    if fails { Err("Fail!") } else { Ok(a + b) }
}

/// What a thread sees that has the loop add, and blocks for it.
async fn target(fails: bool) -> Result<u32, Error> {
    let handle = Handle::current();
    let blocking = move || {
        let mut future = run_coroutine_threadsafe(fallible(add(1, 2, fails)), &handle);
        future.result_timeout(LONG).expect("it hangs")
    };
    to_thread(blocking).await.unwrap()
}

// CPython: test_tasks.py RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe
// B27
#[test]
fn a_coroutine_from_a_thread_gives_its_value_there() {
    on_loop(async { assert_eq!(target(false).await.unwrap(), 3) });
}

// CPython: test_tasks.py RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_with_exception
// B32
#[test]
fn a_failure_of_the_coroutine_reaches_the_thread() {
    on_loop(async { assert_eq!(target(true).await.unwrap_err().to_string(), "Fail!") });
}

// CPython: test_tasks.py RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_with_timeout
// B31
#[test]
fn a_thread_that_gives_up_cancels_the_coroutine_itself() {
    on_loop(async {
        let (handle, notes) = (Handle::current(), Notes::new());
        let held = notes.at_drop("coroutine dropped");
        let waiting = to_thread(move || {
            let coroutine = async move {
                let _held = held;
                std::future::pending::<()>().await;
            };
            let mut future = run_coroutine_threadsafe(coroutine, &handle);
            let late = future.result_timeout(Duration::ZERO).map(|_| ());
            assert!(!future.done());
            assert!(future.cancel());
            late
        });
        let TimedOut { .. } = waiting.await.unwrap().unwrap_err();
        // The cancellation came before this thread's return, so it is worked off first.
        while notes.take().is_empty() {
            turn().await;
        }
    });
}

// CPython: test_tasks.py RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_task_cancelled
// B28, B32
#[test]
fn a_coroutine_that_cancels_its_task_cancels_the_future() {
    on_loop(async {
        let handle = Handle::current();
        let waiting = to_thread(move || {
            let coroutine = async {
                current_task().unwrap().cancel();
                turn().await;
                elapse(FAR).await;
            };
            let mut future = run_coroutine_threadsafe(coroutine, &handle);
            let outcome = future.result_timeout(LONG).expect("it hangs");
            (outcome, future.cancelled())
        });
        let (outcome, was_cancelled) = waiting.await.unwrap();
        assert!(matches!(outcome, Err(Error::Cancelled)));
        assert!(was_cancelled);
    });
}

// CPython: test_tasks.py RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_task_factory_exception
// B32
// Differs: there is no task factory that could fail; what panics in its first step fails in the same way.
#[test]
fn a_panic_in_the_first_step_reaches_the_thread() {
    on_loop(async {
        let handle = Handle::current();
        let waiting = to_thread(move || {
            let coroutine = async { panic!("bad first step") };
            let mut future = run_coroutine_threadsafe::<_>(coroutine, &handle);
            future.result_timeout(LONG).expect("it hangs")
        });
        let outcome: Result<(), Error> = waiting.await.unwrap();
        assert!(
            matches!(outcome, Err(Error::Panicked(panic)) if panic.message() == "bad first step")
        );
        assert_eq!(create_task(async { 7 }).await.unwrap(), 7);
    });
}

// CPython: test_tasks.py RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_and_cancel
// B30, X05
// Differs from 3.13: the first step does not run, as from Python 3.15.
#[test]
fn a_coroutine_that_is_cancelled_before_the_loop_gets_to_it_never_starts() {
    on_loop(async {
        let (handle, notes) = (Handle::current(), Notes::new());
        let inside = notes.clone();
        // In the loop's own thread: the loop cannot get to it before this yields.
        let future = run_coroutine_threadsafe(async move { inside.note("started") }, &handle);
        assert!(future.cancel());
        assert!(future.cancelled());
        elapse(ms(1)).await;
        assert_eq!(notes.take(), [""; 0]);
    });
}
