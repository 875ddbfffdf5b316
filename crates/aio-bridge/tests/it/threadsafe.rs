//! `run_coroutine_threadsafe` and `call_soon_threadsafe`: from any thread into a loop.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use aio_bridge::{
    Error, Runner, call_soon_threadsafe, cancelled, current_task, fallible, future, run,
    run_coroutine_threadsafe, wrap_future,
};
use cf_core::{Future, Reason, ReturnWhen, as_completed, wait};
use tokio::runtime::Handle;

use crate::{
    held::{caught, on_loop},
    loops::{Gate, LONG, ends},
    reports::reports_of,
};

/// A loop on a thread of its own, until it is dropped.
struct Loop {
    handle: Handle,
    stop: Option<aio_bridge::AioPromise<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Loop {
    fn start() -> Self {
        let (tell, told) = mpsc::channel();
        let (stop, stopped) = future();
        let thread = thread::spawn(move || {
            run(async move {
                tell.send(Handle::current()).unwrap();
                stopped.await.unwrap();
            })
            .unwrap();
        });
        Self {
            handle: told.recv_timeout(LONG).unwrap(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.set_result(());
        }
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        self.stop();
    }
}

fn result<T: Send + 'static>(mut future: Future<T>) -> Result<T, Error> {
    future.result_timeout(LONG).expect("it hangs")
}

/// Opens its gate when it is dropped.
struct OnDrop(Gate);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.open();
    }
}

// B27: test_run_coroutine_threadsafe
#[test]
fn a_coroutine_runs_on_the_loops_thread_and_its_value_comes_back() {
    let there = Loop::start();
    let loops_thread = there.thread.as_ref().unwrap().thread().id();
    let id = run_coroutine_threadsafe(async { thread::current().id() }, &there.handle);
    assert_eq!(result(id).unwrap(), loops_thread);
}

// B27
#[test]
fn what_it_gives_is_a_blocking_future_that_can_be_wrapped_on_another_loop() {
    let there = Loop::start();
    let handle = there.handle.clone();
    let value =
        on_loop(async move || wrap_future(run_coroutine_threadsafe(async { 7 }, &handle)).await);
    assert_eq!(value.unwrap(), 7);
}

#[test]
fn the_coroutine_is_a_task() {
    let there = Loop::start();
    let is_task = run_coroutine_threadsafe(async { current_task().is_some() }, &there.handle);
    assert!(result(is_task).unwrap());
}

#[test]
fn a_coroutine_whose_future_is_dropped_runs_to_its_end() {
    let there = Loop::start();
    let (tell, told) = mpsc::channel();
    drop(run_coroutine_threadsafe(
        async move {
            tokio::task::yield_now().await;
            tell.send(7).unwrap();
        },
        &there.handle,
    ));
    assert_eq!(told.recv_timeout(LONG), Ok(7));
}

// B28
#[test]
fn while_the_coroutine_runs_its_future_is_pending_and_not_running() {
    let there = Loop::start();
    let (running, (finish, finished)) = (Gate::new(), future());
    let its_running = running.clone();
    let future = run_coroutine_threadsafe(
        async move {
            its_running.open();
            finished.await
        },
        &there.handle,
    );
    running.pass();
    assert!(!future.running() && !future.done());
    finish.set_result(7).unwrap();
    assert_eq!(result(future).unwrap().unwrap(), 7);
}

// B28: test_run_coroutine_threadsafe_task_cancelled, the other direction
#[test]
fn cancelling_the_future_cancels_a_coroutine_that_runs() {
    let there = Loop::start();
    let (running, dropped) = (Gate::new(), Gate::new());
    let (its_running, on_drop) = (running.clone(), OnDrop(dropped.clone()));
    let future = run_coroutine_threadsafe(
        async move {
            let _on_drop = on_drop;
            its_running.open();
            pending::<()>().await;
        },
        &there.handle,
    );
    running.pass();
    assert!(future.cancel() && future.cancelled());
    dropped.pass();
    assert!(matches!(result(future), Err(Error::Cancelled)));
}

#[test]
fn a_coroutine_that_has_ended_cannot_be_cancelled() {
    let there = Loop::start();
    let future = run_coroutine_threadsafe(async { 7 }, &there.handle);
    assert!(future.wait_timeout(LONG));
    assert!(!future.cancel());
    assert_eq!(result(future).unwrap(), 7);
}

// B29
#[test]
fn the_cancellation_is_seen_before_the_coroutine_has_cleaned_up_and_its_value_is_dropped() {
    let there = Loop::start();
    let (running, (clean, cleaned)) = (Gate::new(), future::<()>());
    let dropped = Gate::new();
    let (its_running, value) = (running.clone(), OnDrop(dropped.clone()));
    let future = run_coroutine_threadsafe(
        async move {
            its_running.open();
            cancelled().await;
            cleaned.await.unwrap();
            value
        },
        &there.handle,
    );
    running.pass();
    assert!(future.cancel());
    assert!(matches!(result(future), Err(Error::Cancelled)));
    clean.set_result(()).unwrap();
    dropped.pass();
}

// B30: deviates, as gh-141696 does
#[test]
fn a_coroutine_cancelled_before_the_loop_got_to_it_never_starts() {
    ends(|| {
        let mut runner = Runner::new().unwrap();
        let future = run_coroutine_threadsafe(async { unreachable!() }, runner.handle());
        assert!(future.cancel());
        let reports = reports_of(|| runner.run(tokio::task::yield_now()).unwrap());
        assert_eq!(reports, [""; 0]);
        assert!(matches!(
            Future::<()>::result(future),
            Err(Error::Cancelled)
        ));
    });
}

// B31: test_run_coroutine_threadsafe_with_timeout
#[test]
fn a_result_that_times_out_cancels_nothing_and_can_be_asked_for_again() {
    let there = Loop::start();
    let (finish, finished) = future();
    let mut future = run_coroutine_threadsafe(finished, &there.handle);
    assert!(future.result_timeout(Duration::from_millis(5)).is_err());
    assert!(!future.cancelled());
    finish.set_result(7).unwrap();
    assert_eq!(result(future).unwrap().unwrap(), 7);
}

// B32: test_run_coroutine_threadsafe_with_exception
#[test]
fn the_coroutines_failure_is_the_futures() {
    let there = Loop::start();
    let raised = fallible(async { "x".parse::<u32>() });
    let error = result(run_coroutine_threadsafe(raised, &there.handle)).unwrap_err();
    assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
    let panicked = run_coroutine_threadsafe(async { panic!("no luck") }, &there.handle);
    assert!(matches!(
        result::<()>(panicked),
        Err(Error::Panicked(panic)) if panic.to_string().contains("no luck")
    ));
}

// B32: test_run_coroutine_threadsafe_task_cancelled
#[test]
fn a_cancellation_of_the_task_reaches_the_future() {
    let there = Loop::start();
    let future = run_coroutine_threadsafe(
        async {
            current_task().unwrap().cancel();
            pending::<()>().await;
        },
        &there.handle,
    );
    assert!(future.wait_timeout(LONG));
    assert!(future.cancelled());
    assert!(matches!(result(future), Err(Error::Cancelled)));
}

// B33: deviates, refused instead of a deadlock
#[test]
fn blocking_on_it_in_a_task_of_the_same_loop_is_refused() {
    on_loop(async || {
        let mut future = run_coroutine_threadsafe(async { 7 }, &Handle::current());
        let refused = future.result_timeout(LONG).unwrap();
        assert!(matches!(refused, Err(Error::EventLoopBlocked)));
        let waited = caught(|| wait([&future], ReturnWhen::AllCompleted).done.len());
        assert!(matches!(waited, Err(Error::EventLoopBlocked)));
        let stepped = caught(|| as_completed([&future]).count());
        assert!(matches!(stepped, Err(Error::EventLoopBlocked)));
        assert_eq!(wrap_future(future).await.unwrap(), 7);
    });
}

// B34: deviates, the future has failed and the call does not
#[test]
fn a_closed_loop_fails_the_future() {
    let mut there = Loop::start();
    there.stop();
    let future = run_coroutine_threadsafe(async { 7 }, &there.handle);
    assert!(future.done());
    let error = future.result().unwrap_err();
    assert!(matches!(error, Error::Rejected(Reason::EventLoopClosed)));
    assert_eq!(error.to_string(), "the event loop is closed");
}

#[test]
fn a_loop_that_closes_cancels_what_runs() {
    let mut there = Loop::start();
    let running = Gate::new();
    let its_running = running.clone();
    let future = run_coroutine_threadsafe(
        async move {
            its_running.open();
            pending::<()>().await;
        },
        &there.handle,
    );
    running.pass();
    there.stop();
    assert!(matches!(result(future), Err(Error::Cancelled)));
}

#[test]
fn a_runtime_without_run_that_goes_away_cancels_what_runs() {
    ends(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let started = run_coroutine_threadsafe(pending::<()>(), runtime.handle());
        runtime.block_on(tokio::task::yield_now());
        let unstarted = run_coroutine_threadsafe(pending::<()>(), runtime.handle());
        drop(runtime);
        assert!(matches!(started.result(), Err(Error::Cancelled)));
        assert!(matches!(
            unstarted.result(),
            Err(Error::Rejected(Reason::EventLoopClosed))
        ));
    });
}

// B37: test_call_soon_threadsafe
#[test]
fn calls_are_made_on_the_loop_in_the_order_in_which_they_were_asked_for() {
    let there = Loop::start();
    let (tell, told) = mpsc::channel();
    for n in 0..100 {
        let tell = tell.clone();
        call_soon_threadsafe(&there.handle, move || {
            tell.send((n, thread::current().id())).unwrap();
        });
    }
    drop(tell);
    let id = there.thread.as_ref().unwrap().thread().id();
    for n in 0..100 {
        assert_eq!(told.recv_timeout(LONG), Ok((n, id)));
    }
}

// B37: test_call_soon_threadsafe_same_thread
#[test]
fn a_call_asked_for_on_the_loop_is_made_later_and_in_order_with_its_tasks() {
    on_loop(async || {
        let notes = Arc::new(Mutex::new(Vec::new()));
        let note = |what: &'static str| {
            let notes = Arc::clone(&notes);
            move || notes.lock().unwrap().push(what)
        };
        let handle = Handle::current();
        call_soon_threadsafe(&handle, note("a"));
        let (b, c) = (note("b"), note("c"));
        drop(aio_bridge::create_task(async move { b() }));
        call_soon_threadsafe(&handle, c);
        assert_eq!(*notes.lock().unwrap(), [""; 0]);
        let last = aio_bridge::create_task(async {});
        last.await.unwrap();
        assert_eq!(*notes.lock().unwrap(), ["a", "b", "c"]);
    });
}

// B37
#[test]
fn a_call_wakes_a_loop_that_has_nothing_to_do() {
    on_loop(async || {
        let handle = Handle::current();
        let (tell, told) = future();
        let caller = thread::spawn(move || {
            // time: the loop is asleep by then, as a rule; if it is not, nothing else is seen
            thread::sleep(Duration::from_millis(20));
            call_soon_threadsafe(&handle, || tell.set_result(7).unwrap());
        });
        assert_eq!(told.await.unwrap(), 7);
        caller.join().unwrap();
    });
}

#[test]
fn a_call_that_panics_is_reported_and_the_loop_goes_on() {
    ends(|| {
        let reports = reports_of(|| {
            run(async {
                call_soon_threadsafe(&Handle::current(), || panic!("no luck"));
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
            })
            .unwrap();
        });
        assert_eq!(reports.len(), 1, "{reports:?}");
        assert!(reports[0].starts_with("ERROR") && reports[0].contains("no luck"));
    });
}

#[test]
fn a_call_for_a_closed_loop_is_dropped_and_not_made() {
    let mut there = Loop::start();
    there.stop();
    let was_called = Arc::new(AtomicBool::new(false));
    let its_was_called = Arc::clone(&was_called);
    call_soon_threadsafe(&there.handle, move || {
        its_was_called.store(true, Ordering::SeqCst);
    });
    assert_eq!(Arc::strong_count(&was_called), 1);
    assert!(!was_called.load(Ordering::SeqCst));
}
