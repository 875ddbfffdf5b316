//! test_asyncio/test_runners.py: a loop that is made, run, and taken down.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    thread,
};

use aio_bridge::{Error, Runner, cancelled, create_task, current_task, fallible, future, run};
use cf_core::Reason;
use tokio::runtime::Builder;

use crate::{
    clock::{elapse, ms, turn},
    notes::Notes,
    reports::{assert_reported, reports_of},
};

// CPython: test_runners.py RunTests.test_asyncio_run_return
// AT48
#[test]
fn run_gives_the_value() {
    let value = run(async {
        turn().await;
        42
    });
    assert_eq!(value.unwrap(), 42);
}

// CPython: test_runners.py RunTests.test_asyncio_run_raises
// AT48
#[test]
fn run_gives_the_failure() {
    let failed = run(fallible(async {
        turn().await;
        Err::<(), _>("spam")
    }));
    assert_eq!(failed.unwrap_err().to_string(), "spam");
    let panicked = run(async {
        turn().await;
        panic!("spam");
    });
    assert!(matches!(panicked, Err::<(), _>(Error::Panicked(_))));
}

// CPython: test_runners.py RunTests.test_asyncio_run_from_running_loop
// AT49
// Differs: it gives an error.
#[test]
fn run_is_refused_in_a_running_loop() {
    let notes = Notes::new();
    let held = notes.at_drop("coroutine dropped");
    let refused = run(async move { run(async move { drop(held) }) }).unwrap();
    assert!(matches!(
        refused,
        Err(Error::Rejected(Reason::EventLoopRunning))
    ));
    assert_eq!(notes.take(), ["coroutine dropped"]);
}

// CPython: test_runners.py RunTests.test_asyncio_run_cancels_hanging_tasks
// AT48
#[test]
fn tasks_that_are_left_are_cancelled_at_the_end() {
    let notes = Notes::new();
    let inside = notes.clone();
    let task = run(async move {
        let task = create_task(async move {
            let _ended = inside.at_drop("ended");
            std::future::pending::<()>().await;
        });
        turn().await;
        Some(task)
    });
    assert_eq!(notes.take(), ["ended"]);
    assert!(task.unwrap().unwrap().cancelled());
}

// CPython: test_runners.py RunTests.test_asyncio_run_reports_hanging_tasks_errors
// AT48
// Differs: a task that is cancelled fails only where it listens with `cancelled()`.
#[test]
fn a_failure_of_a_task_that_is_left_is_reported() {
    let reports = reports_of(|| {
        run(async {
            drop(create_task(fallible(async {
                cancelled().await;
                Err::<(), _>("division by zero")
            })));
            turn().await;
        })
        .unwrap();
    });
    assert_reported(
        &reports,
        &["task exception was never retrieved", "division by zero"],
    );
}

// CPython: test_runners.py RunTests.test_asyncio_run_closes_gens_after_hanging_tasks_errors
// AT48
// Differs: what a task that is left holds is dropped with it, before `run` returns.
#[test]
fn what_failing_tasks_hold_is_dropped_before_run_returns() {
    let notes = Notes::new();
    let inside = notes.clone();
    let reports = reports_of(|| {
        run(async move {
            drop(create_task(fallible(async move {
                let _generator = inside.at_drop("generator closed");
                cancelled().await;
                Err::<(), _>("fancy error")
            })));
            turn().await;
        })
        .unwrap();
    });
    assert_eq!(notes.take(), ["generator closed"]);
    assert_reported(&reports, &["fancy error"]);
}

// CPython: test_runners.py RunTests.test_asyncio_run_loop_factory
// CPython: test_runners.py RunnerTests.test_custom_factory
// Differs: a runner is given the tokio runtime itself.
#[test]
fn a_runner_takes_a_runtime_of_ones_own() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("custom")
        .enable_all()
        .build()
        .unwrap();
    let expected = runtime.handle().id();
    let mut runner = Runner::with(runtime);
    let (id, name) = runner
        .run(async {
            let name = create_task(async { thread::current().name().map(str::to_owned) });
            (tokio::runtime::Handle::current().id(), name.await.unwrap())
        })
        .unwrap();
    assert_eq!((id, name.as_deref()), (expected, Some("custom")));
}

// CPython: test_runners.py RunnerTests.test_run
#[test]
fn a_runner_runs_one_coroutine_after_the_other_on_one_loop() {
    async fn f() -> (tokio::runtime::Id, &'static str) {
        turn().await;
        (tokio::runtime::Handle::current().id(), "done")
    }
    let mut runner = Runner::new().unwrap();
    let expected = (runner.handle().id(), "done");
    assert_eq!(runner.run(f()).unwrap(), expected);
    assert_eq!(runner.run(f()).unwrap(), expected);
    let handle = runner.handle().clone();
    runner.close();
    let late = aio_bridge::run_coroutine_threadsafe(async { 7 }, &handle).result();
    assert!(matches!(
        late,
        Err(Error::Rejected(Reason::EventLoopClosed))
    ));
}

// CPython: test_runners.py RunnerTests.test_run_future
// AT49
// Differs: every std future is run, also an awaitable one.
#[test]
fn a_runner_runs_an_awaitable_future() {
    let (promise, future) = future();
    promise.set_result("done").unwrap();
    assert_eq!(Runner::new().unwrap().run(future).unwrap().unwrap(), "done");
}

// CPython: test_runners.py RunnerTests.test_recursive_run
// AT49
// Differs: it gives an error.
#[test]
fn a_runner_is_refused_in_what_another_one_runs() {
    let mut inner = Runner::new().unwrap();
    let mut outer = Runner::new().unwrap();
    let refused = outer.run(async { inner.run(async { 7 }) }).unwrap();
    assert!(matches!(
        refused,
        Err(Error::Rejected(Reason::EventLoopRunning))
    ));
    assert_eq!(inner.run(async { 7 }).unwrap(), 7);
}

// CPython: test_runners.py RunnerTests.test_signal_install_not_supported_ok
// AT50
#[test]
fn a_runner_runs_where_no_signal_can_be_heard_of() {
    // On a thread that is not the main one, and on a loop without a driver for signals.
    let runtime = Builder::new_current_thread().build().unwrap();
    assert_eq!(Runner::with(runtime).run(async { 7 }).unwrap(), 7);
    assert_eq!(
        thread::spawn(|| run(async { 8 })).join().unwrap().unwrap(),
        8
    );
}

tokio::task_local! {
    static CVAR: Arc<AtomicI32>;
}

// CPython: test_runners.py RunnerTests.test_run_keeps_context
// AT14
// Differs: each run begins without a context; what is to last from one to the next is handed to each.
#[test]
fn a_context_lasts_from_run_to_run_where_it_is_handed_on() {
    let mut runner = Runner::new().unwrap();
    let kept = Arc::new(AtomicI32::new(-1));
    let old = [1, 2].map(|value| {
        let run = runner.run(CVAR.scope(Arc::clone(&kept), async move {
            turn().await;
            CVAR.with(|cvar| cvar.swap(value, Ordering::Relaxed))
        }));
        run.unwrap()
    });
    assert_eq!((old, kept.load(Ordering::Relaxed)), ([-1, 1], 2));
    let is_bare = runner.run(async { CVAR.try_with(|_| ()).is_err() });
    assert!(is_bare.unwrap());
}

// CPython: test_runners.py RunnerTests.test_no_repr_is_call_on_the_task_result
// Nothing could ask for its text, because it need not have one.
#[test]
fn a_result_need_not_be_printable() {
    struct MyResult(Vec<u32>);
    let result = run(async {
        turn().await;
        MyResult(vec![0; 10])
    });
    assert_eq!(result.map(|result| result.0.len()).unwrap(), 10);
}

#[cfg(unix)]
mod interrupted {
    //! Ctrl-C, in a process of its own.

    use super::*;
    use crate::child::{in_child, say};

    fn tell(outcome: &Result<(), Error>) {
        say(match outcome {
            Err(Error::Interrupted) => "interrupted",
            _ => "not interrupted",
        });
    }

    // CPython: test_runners.py RunnerTests.test_interrupt_call_soon
    // AT50
    // Differs: the run gives `Error::Interrupted`.
    #[test]
    fn a_main_task_that_is_busy_is_cancelled() {
        let body = || {
            tell(&run(async {
                say("ready");
                loop {
                    turn().await;
                }
            }));
        };
        let test = "test_runners::interrupted::a_main_task_that_is_busy_is_cancelled";
        in_child(test, body, |child| {
            child.says("ready");
            child.interrupt();
            child.says("interrupted");
            assert!(child.ends().success());
        });
    }

    // CPython: test_runners.py RunnerTests.test_interrupt_wait
    // AT11, AT50
    // Differs: the run gives `Error::Interrupted`, and the task takes notice with `cancelled()`.
    #[test]
    fn a_main_task_that_waits_is_cancelled_and_can_clean_up() {
        let body = || {
            tell(&run(fallible(async {
                say("ready");
                cancelled().await;
                assert_eq!(current_task().unwrap().cancelling(), 1);
                elapse(ms(1)).await;
                say("cleaned up");
                Err::<(), _>(Error::Cancelled)
            })));
        };
        let test =
            "test_runners::interrupted::a_main_task_that_waits_is_cancelled_and_can_clean_up";
        in_child(test, body, |child| {
            child.says("ready");
            child.interrupt();
            child.says("cleaned up");
            child.says("interrupted");
            assert!(child.ends().success());
        });
    }

    // CPython: test_runners.py RunnerTests.test_interrupt_cancelled_task
    // AT50
    // Differs: Ctrl-C wins over a cancel that came first, as long as the main task has not ended.
    #[test]
    fn a_main_task_that_was_cancelled_and_is_then_interrupted_tells_of_ctrl_c() {
        let body = || {
            tell(&run(fallible(async {
                let main = current_task().unwrap();
                drop(create_task(async move { main.cancel() }));
                cancelled().await;
                say("cancelled");
                cancelled().await;
                assert_eq!(current_task().unwrap().cancelling(), 2);
                Err::<(), _>(Error::Cancelled)
            })));
        };
        let test = "test_runners::interrupted::a_main_task_that_was_cancelled_and_is_then_interrupted_tells_of_ctrl_c";
        in_child(test, body, |child| {
            child.says("cancelled");
            child.interrupt();
            child.says("interrupted");
            assert!(child.ends().success());
        });
    }
}
