//! test_asyncio/test_base_events.py: the parts of a loop that futures, executors and the bridge touch.

use std::{panic, thread};

use aio_bridge::{
    Error, Runner, call_soon_threadsafe, create_named_task, create_task, fallible, future, run,
    run_coroutine_threadsafe, run_in_executor, set_default_executor, shutdown_default_executor,
    to_thread,
};
use cf_core::{InlineExecutor, Reason};
use cf_pool::ThreadPoolExecutor;
use tokio::runtime::Handle;
use tracing::{Event, Metadata, Subscriber, span};

use crate::{
    child::{in_child, say},
    clock::{LONG, ms, on_loop, one_thread, paused, settle, turn},
    gate::gate,
    notes::Notes,
    reports::{assert_reported, reports_of, text_of},
};

// CPython: test_base_events.py BaseEventLoopTests.test_set_default_executor
// B04
#[test]
fn a_thread_pool_becomes_the_default_executor() {
    on_loop(async {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(1)
            .thread_name_prefix("custom")
            .build();
        set_default_executor(pool.unwrap());
        let name = to_thread(|| thread::current().name().map(str::to_owned)).await;
        assert!(name.unwrap().unwrap().starts_with("custom"));
    });
}

// CPython: test_base_events.py BaseEventLoopTests.test_shutdown_default_executor_timeout
// B06
// Differs: it gives an error when the time is over, and no warning.
#[test]
fn a_default_executor_that_does_not_end_in_time_is_told_of() {
    paused(async {
        let (opener, closed) = gate();
        let call = to_thread(move || closed.pass());
        assert!(shutdown_default_executor(ms(100)).await.is_err());
        let refused = to_thread(|| ()).await;
        assert!(matches!(refused, Err(Error::Rejected(Reason::Shutdown))));
        opener.open();
        call.detach();
    });
}

// CPython: test_base_events.py BaseEventLoopTests.test_check_thread
// AF20
// Differs: what is called soon may come from any thread, so no mode looks for those that come from a foreign one.
#[test]
fn another_thread_may_have_the_loop_call() {
    on_loop(async {
        let (tell, told) = tokio::sync::oneshot::channel();
        let handle = Handle::current();
        let foreign = thread::spawn(move || {
            let id = thread::current().id();
            call_soon_threadsafe(&handle, move || {
                tell.send((id, thread::current().id())).unwrap();
            });
        });
        let (asked_by, called_by) = told.await.unwrap();
        assert_ne!(asked_by, called_by);
        assert_eq!(called_by, thread::current().id());
        foreign.join().unwrap();
    });
}

// CPython: test_base_events.py BaseEventLoopTests.test_call_soon
// Differs: a call that was asked for has no handle; what is to be taken back is a task, which is cancelled.
#[test]
fn a_call_is_made_in_the_next_pass_and_only_a_task_can_be_taken_back() {
    paused(async {
        let notes = Notes::new();
        let (called, taken_back) = (notes.clone(), notes.clone());
        let () = call_soon_threadsafe(&Handle::current(), move || called.note("called"));
        let task = create_task(async move { taken_back.note("started") });
        assert!(task.cancel());
        assert_eq!(notes.take(), [""; 0]);
        settle().await;
        assert_eq!(notes.take(), ["called"]);
        assert!(task.cancelled());
    });
}

// CPython: test_base_events.py BaseEventLoopTests.test_run_until_complete_loop
// AF18
// Differs: a future belongs to no loop, so any may run it.
#[test]
fn a_loop_runs_a_future_that_was_made_in_another() {
    let (promise, future) = one_thread().block_on(async { future() });
    promise.set_result(7).unwrap();
    assert_eq!(Runner::new().unwrap().run(future).unwrap().unwrap(), 7);
}

// CPython: test_base_events.py BaseEventLoopTests.test_run_until_complete_loop_orphan_future_close_loop
// AT12
// Differs: no exception means exit; a panic in a call on the loop is reported, and the run goes on.
#[test]
fn a_loop_runs_again_after_a_panic_in_a_call_on_it() {
    let mut runner = Runner::new().unwrap();
    let reports = reports_of(|| {
        let (promise, orphan) = future::<()>();
        orphan.detach();
        let first = runner.run(async {
            call_soon_threadsafe(&Handle::current(), || panic!("exit"));
            turn().await;
            turn().await;
        });
        first.unwrap();
        drop(promise.set_result(()));
    });
    assert_reported(&reports, &["exit"]);
    assert_eq!(runner.run(async { 7 }).unwrap(), 7);
}

// CPython: test_base_events.py BaseEventLoopTests.test_default_exc_handler_callback
// AF10
#[test]
fn a_callback_that_fails_is_reported() {
    let reports = reports_of(|| {
        paused(async {
            let (promise, future) = future();
            future.add_done_callback(|_| panic!("zero error"));
            promise.set_result(()).unwrap();
            future.await.unwrap();
            let handle = Handle::current();
            call_soon_threadsafe(&handle, || panic!("zero error, too"));
            settle().await;
        });
    });
    assert_reported(&reports[..1], &["ERROR", "done callback", "zero error"]);
    assert_reported(
        &reports[1..],
        &["ERROR", "call on the loop", "zero error, too"],
    );
}

/// A task that fails, and that nobody awaits.
fn fail_unseen() {
    paused(async {
        drop(create_task(fallible(async { Err::<(), _>("zero error") })));
        settle().await;
    });
}

// CPython: test_base_events.py BaseEventLoopTests.test_default_exc_handler_coro
// AF17
#[test]
fn a_task_that_fails_and_that_nobody_looks_at_is_reported() {
    let reports = reports_of(fail_unseen);
    assert_reported(
        &reports,
        &["ERROR", "task exception was never retrieved", "zero error"],
    );
}

/// A subscriber that does `f` with what the library reports.
struct Handler<F>(F);

impl<F: Fn(&Event<'_>) + 'static> Subscriber for Handler<F> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "concurrent_futures"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        (self.0)(event);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

// CPython: test_base_events.py BaseEventLoopTests.test_set_exc_handler_custom
// Differs: the handler is a `tracing` subscriber, in place for a thread or the program and not for a loop.
#[test]
fn a_handler_of_ones_own_has_the_reports_until_it_is_taken_away() {
    let (own, handled) = (Notes::new(), Notes::new());
    let noting = handled.clone();
    let after = reports_of(|| {
        let handler = Handler(move |event: &Event<'_>| noting.note(text_of(event)));
        tracing::subscriber::with_default(handler, fail_unseen);
        own.note(handled.take());
        fail_unseen();
    });
    assert_reported(&own.take()[0], &["zero error"]);
    assert_eq!(handled.take(), [""; 0]);
    assert_reported(&after, &["zero error"]);
}

// CPython: test_base_events.py BaseEventLoopTests.test_set_exc_handler_broken
// Differs: the failure of the handler itself is told by the panic hook only.
#[test]
fn a_handler_that_fails_harms_nobody() {
    // In a process of its own, because the hook is the whole program's.
    let body = || {
        panic::set_hook(Box::new(|panic| {
            say(panic.payload().downcast_ref::<&str>().unwrap_or(&"no text"));
        }));
        let handler = Handler(|event: &Event<'_>| {
            say(if text_of(event).contains("zero error") {
                "handled"
            } else {
                "another report"
            });
            panic!("broken handler");
        });
        tracing::subscriber::with_default(handler, || {
            paused(async {
                call_soon_threadsafe(&Handle::current(), || panic!("zero error"));
                settle().await;
                assert_eq!(create_task(async { 7 }).await.unwrap(), 7);
                say("goes on");
            });
        });
    };
    let test = "test_base_events::a_handler_that_fails_harms_nobody";
    in_child(test, body, |child| {
        for word in ["zero error", "handled", "broken handler", "goes on"] {
            child.says(word);
        }
        assert!(child.ends().success());
    });
}

// CPython: test_base_events.py BaseEventLoopTests.test_create_task_error_closes_coro
// B34
// Differs: what is handed to a closed loop has failed already, with an error.
#[test]
fn a_coroutine_for_a_closed_loop_is_dropped_in_silence() {
    let reports = reports_of(|| {
        let runner = Runner::new().unwrap();
        let handle = runner.handle().clone();
        runner.close();
        let notes = Notes::new();
        let held = notes.at_drop("dropped");
        let future = run_coroutine_threadsafe(async move { drop(held) }, &handle);
        let outcome = future.result();
        assert!(matches!(
            outcome,
            Err(Error::Rejected(Reason::EventLoopClosed))
        ));
        assert_eq!(notes.take(), ["dropped"]);
    });
    assert_eq!(reports, [""; 0]);
}

// CPython: test_base_events.py BaseEventLoopTests.test_create_named_task_with_default_factory
#[test]
fn a_task_is_made_with_a_name() {
    paused(async {
        let task = create_named_task("test_task", async {});
        assert_eq!(task.name(), "test_task");
        task.await.unwrap();
    });
}

// CPython: test_base_events.py BaseEventLoopWithSelectorTests.test_call_coroutine
// B07
// Differs: no mode refuses a callable that makes a coroutine; the coroutine comes back as it is.
#[test]
fn a_coroutine_that_a_callable_makes_comes_back_unawaited() {
    on_loop(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let callable = move || async move {
            inside.note("ran");
            7
        };
        let coroutine = run_in_executor(&InlineExecutor::new(), callable)
            .await
            .unwrap();
        turn().await;
        assert_eq!(notes.take(), [""; 0]);
        assert_eq!(coroutine.await, 7);
    });
}

// CPython: test_base_events.py RunningLoopTests.test_running_loop_within_a_loop
// AT49
// Differs: it is an error that `run` gives.
#[test]
fn a_loop_does_not_run_in_another() {
    let outcome = run(async {
        let inner = run(async { 7 });
        assert!(matches!(
            inner,
            Err(Error::Rejected(Reason::EventLoopRunning))
        ));
        tokio::time::timeout(LONG, turn()).await.is_ok()
    });
    assert!(outcome.unwrap());
}
