//! test_asyncio/test_events.py: calls from threads and calls for threads, on a real loop.

use std::{
    process,
    sync::{Arc, Weak, mpsc},
    thread,
};

use aio_bridge::{
    Error, Runner, call_soon_threadsafe, run, run_coroutine_threadsafe, run_in_executor, to_thread,
};
use cf_core::Reason;
use cf_pool::{ProcessPoolExecutor, ThreadPoolExecutor, task};
use tokio::runtime::Handle;

use crate::{
    clock::{LONG, on_loop},
    gate::gate,
    notes::Notes,
    reports::{self, reports_of},
};

// CPython: test_events.py EventLoopTestsMixin.test_run_until_complete_nesting
// AT49
// Differs: it is an error that `run` gives.
#[test]
fn a_loop_is_not_run_by_what_it_runs() {
    let mut runner = Runner::new().unwrap();
    let inner = runner.run(async { Runner::new().map(drop) }).unwrap();
    assert!(matches!(
        inner,
        Err(Error::Rejected(Reason::EventLoopRunning))
    ));
    assert_eq!(runner.run(async { 7 }).unwrap(), 7);
}

// CPython: test_events.py EventLoopTestsMixin.test_call_soon_threadsafe
// B37
#[test]
fn a_call_from_a_thread_wakes_the_loop_and_calls_keep_their_order() {
    on_loop(async {
        let notes = Notes::new();
        let (tell, told) = tokio::sync::oneshot::channel();
        let (handle, in_thread) = (Handle::current(), notes.clone());
        let caller = thread::spawn(move || {
            let (first, second) = (in_thread.clone(), in_thread);
            call_soon_threadsafe(&handle, move || first.note("hello"));
            call_soon_threadsafe(&handle, move || {
                second.note("world");
                tell.send(()).unwrap();
            });
        });
        told.await.unwrap();
        assert_eq!(notes.take(), ["hello", "world"]);
        caller.join().unwrap();
    });
}

// CPython: test_events.py EventLoopTestsMixin.test_call_soon_threadsafe_same_thread
// B37
#[test]
fn a_call_from_the_loops_own_thread_is_made_later_and_calls_keep_their_order() {
    on_loop(async {
        let notes = Notes::new();
        let (tell, told) = tokio::sync::oneshot::channel();
        let handle = Handle::current();
        let (first, second) = (notes.clone(), notes.clone());
        call_soon_threadsafe(&handle, move || first.note("hello"));
        call_soon_threadsafe(&handle, move || {
            second.note("world");
            tell.send(()).unwrap();
        });
        assert_eq!(notes.take(), [""; 0]);
        told.await.unwrap();
        assert_eq!(notes.take(), ["hello", "world"]);
    });
}

// CPython: test_events.py EventLoopTestsMixin.test_run_in_executor
// B01, B03
#[test]
fn a_value_comes_from_another_thread() {
    on_loop(async {
        let arg = "yo";
        let call = to_thread(move || (arg, thread::current().id()));
        let (res, id) = call.await.unwrap();
        assert_eq!(res, "yo");
        assert_ne!(id, thread::current().id());
    });
}

// CPython: test_events.py EventLoopTestsMixin.test_run_in_executor_cancel
// B16, B21
#[test]
fn a_call_that_was_cancelled_ends_after_its_loop_and_touches_nothing() {
    let (opener, closed) = gate();
    let (tell, told) = mpsc::channel();
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let value = Arc::new("late");
    let dropped: Weak<_> = Arc::downgrade(&value);
    let notes = Notes::new();
    let (noting, executor) = (notes.clone(), pool.clone());
    let reports = reports_of(|| {
        run(async move {
            let call = run_in_executor(&executor, move || {
                reports::keep();
                tell.send(()).unwrap();
                closed.pass();
                value
            });
            told.recv_timeout(LONG).unwrap();
            call.add_done_callback(move |done| noting.note(done.cancelled()));
            assert!(call.cancel());
            assert!(matches!(call.await, Err(Error::Cancelled)));
        })
        .unwrap();
        opener.open();
    });
    // In the same thread, once it has thrown the late value away.
    let in_worker = pool.submit(reports::taken).result().unwrap();
    assert!(dropped.upgrade().is_none());
    assert_eq!(notes.take(), [true]);
    assert_eq!((reports, in_worker), (Vec::new(), Vec::new()));
    pool.shutdown();
}

// CPython: test_events.py EventLoopTestsMixin.test_close
// B05
// Differs: what is handed to a closed loop has failed already; a call that is made for it is dropped.
#[test]
fn a_closed_loop_takes_nothing() {
    let runner = Runner::new().unwrap();
    let handle = runner.handle().clone();
    runner.close();
    let future = run_coroutine_threadsafe(async { 7 }, &handle);
    let outcome = future.result();
    assert!(matches!(
        outcome,
        Err(Error::Rejected(Reason::EventLoopClosed))
    ));
    let notes = Notes::new();
    let held = notes.at_drop("dropped");
    call_soon_threadsafe(&handle, move || {
        drop(held);
        unreachable!("the loop is closed");
    });
    assert_eq!(notes.take(), ["dropped"]);
}

// CPython: test_events.py EventLoopTestsMixin.test_close
// B05
// Differs: a call for an executor that was shut down has failed already.
#[test]
fn an_executor_that_was_shut_down_takes_nothing() {
    on_loop(async {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        aio_bridge::Close::close(pool.clone()).await;
        let mut call = run_in_executor(&pool, || 7);
        assert!(call.done());
        assert!(matches!(
            call.result(),
            Err(Error::Rejected(Reason::Shutdown))
        ));
    });
}

/// Runs a loop in the worker, and says in which process.
#[task]
fn loop_in_worker() -> (u32, u32) {
    let answer = run(async { to_thread(|| 42).await.unwrap() });
    (answer.unwrap(), process::id())
}

// CPython: test_events.py GetEventLoopTestsMixin.test_get_event_loop_new_process
#[test]
fn a_call_in_a_worker_process_runs_a_loop_of_its_own() {
    on_loop(async {
        let pool = ProcessPoolExecutor::new(1).unwrap();
        let (answer, pid) = run_in_executor(&pool, loop_in_worker::task())
            .await
            .unwrap();
        assert_eq!(answer, 42);
        assert_ne!(pid, process::id());
        aio_bridge::Close::close(pool).await;
    });
}
