//! The executor behind `to_thread`: made at the first use, exchanged, drained; one for each loop, one for the process.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use aio_bridge::{
    Close, Error, Runner, create_task, run, set_default_executor, shutdown_default_executor,
    to_thread,
};
use cf_core::Reason;
use cf_pool::ThreadPoolExecutor;
use tokio::runtime::Builder;

use crate::{
    held::{Held, on_loop},
    loops::{Gate, LONG, ends, poll_once},
    process::in_child,
};

fn name() -> String {
    thread::current().name().unwrap().to_owned()
}

fn named(prefix: &str) -> ThreadPoolExecutor {
    let builder = ThreadPoolExecutor::builder().thread_name_prefix(prefix);
    builder.max_workers(2).build().unwrap()
}

fn is_shut_down<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::Rejected(Reason::Shutdown)))
}

// B03: test_run_in_executor
#[test]
fn its_threads_are_named_asyncio() {
    on_loop(async || assert!(to_thread(name).await.unwrap().starts_with("asyncio_")));
}

// B03
#[test]
fn it_takes_as_many_calls_at_once_as_the_field_does() {
    on_loop(async || {
        let meeting = Arc::new(std::sync::Barrier::new(5));
        let calls = [(); 5].map(|()| {
            let meeting = Arc::clone(&meeting);
            to_thread(move || {
                meeting.wait();
            })
        });
        for call in calls {
            call.await.unwrap();
        }
    });
}

// B04: test_set_default_executor. Another kind of executor: compile error.
#[test]
fn another_pool_can_be_made_the_default() {
    on_loop(async || {
        set_default_executor(named("first"));
        assert!(to_thread(name).await.unwrap().starts_with("first"));
        set_default_executor(named("second"));
        assert!(to_thread(name).await.unwrap().starts_with("second"));
    });
}

#[test]
fn the_pool_before_does_what_it_has_accepted() {
    on_loop(async || {
        let Held { gate, pool } = Held::new();
        set_default_executor(pool);
        let queued = to_thread(|| 7);
        set_default_executor(named("next"));
        assert_eq!(to_thread(|| 8).await.unwrap(), 8);
        gate.open();
        assert_eq!(queued.await.unwrap(), 7);
    });
}

#[test]
fn each_loop_has_its_own() {
    on_loop(async || {
        set_default_executor(named("mine"));
        let other = thread::spawn(|| run(async { to_thread(name).await }));
        let others = other.join().unwrap().unwrap().unwrap();
        assert!(others.starts_with("asyncio_"));
        assert!(to_thread(name).await.unwrap().starts_with("mine"));
    });
}

#[test]
fn it_stays_while_one_runner_runs_several_coroutines() {
    ends(|| {
        let mut runner = Runner::new().unwrap();
        runner
            .run(async { set_default_executor(named("kept")) })
            .unwrap();
        let name = runner.run(async { to_thread(name).await }).unwrap();
        assert!(name.unwrap().starts_with("kept"));
    });
}

#[test]
fn a_task_on_another_thread_of_the_runtime_has_the_same_one() {
    ends(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        Runner::with(runtime)
            .run(async {
                set_default_executor(named("common"));
                let there = create_task(async { to_thread(name).await.unwrap() });
                assert!(there.await.unwrap().starts_with("common"));
            })
            .unwrap();
    });
}

// B06: test_shutdown_default_executor_timeout, "Executor shutdown has been called"
#[test]
fn after_its_shutdown_calls_are_refused() {
    on_loop(async || {
        to_thread(|| ()).await.unwrap();
        shutdown_default_executor(None).await.unwrap();
        let mut late = to_thread(|| 7);
        assert!(late.done());
        let outcome = late.result();
        assert!(is_shut_down(&outcome));
        let text = outcome.unwrap_err().to_string();
        assert_eq!(text, "cannot schedule new futures after shutdown");
    });
}

// B06
#[test]
fn one_that_was_never_used_can_be_shut_down() {
    on_loop(async || {
        shutdown_default_executor(None).await.unwrap();
        assert!(is_shut_down(&to_thread(|| 7).await));
    });
}

#[test]
fn it_can_be_shut_down_twice() {
    on_loop(async || {
        to_thread(|| ()).await.unwrap();
        shutdown_default_executor(None).await.unwrap();
        shutdown_default_executor(Duration::ZERO).await.unwrap();
    });
}

// B06
#[test]
fn its_shutdown_waits_for_the_work_while_the_loop_goes_on() {
    on_loop(async || {
        let gate = Gate::new();
        let its_gate = gate.clone();
        let work = to_thread(move || its_gate.pass());
        let opener = create_task(async move { gate.open() });
        shutdown_default_executor(None).await.unwrap();
        assert!(opener.done() && work.done());
        work.await.unwrap();
    });
}

// B06
#[test]
fn its_shutdown_gives_up_when_the_time_is_over_and_the_work_goes_on() {
    on_loop(async || {
        let gate = Gate::new();
        let its_gate = gate.clone();
        let work = to_thread(move || {
            its_gate.pass();
            7
        });
        let late = shutdown_default_executor(Duration::from_millis(10)).await;
        assert_eq!(late.unwrap_err().to_string(), "timed out");
        assert!(is_shut_down(&to_thread(|| 8).await));
        gate.open();
        assert_eq!(work.await.unwrap(), 7);
    });
}

#[test]
fn a_shutdown_that_is_not_awaited_to_its_end_still_ends_the_pool() {
    on_loop(async || {
        let Held { gate, pool } = Held::new();
        set_default_executor(pool.clone());
        let queued = to_thread(|| 7);
        {
            let mut ending = pin!(shutdown_default_executor(None));
            assert!(poll_once(&mut ending).is_pending());
        }
        gate.open();
        assert_eq!(queued.await.unwrap(), 7);
        pool.clone().close().await;
        assert_eq!(pool.stats().threads, 0);
    });
}

#[test]
fn another_pool_can_be_set_after_a_shutdown() {
    on_loop(async || {
        shutdown_default_executor(None).await.unwrap();
        set_default_executor(named("again"));
        assert!(to_thread(name).await.unwrap().starts_with("again"));
    });
}

#[test]
fn a_pool_that_was_set_is_shut_down_with_the_loop() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let inner = pool.clone();
        run(async move {
            set_default_executor(inner);
            to_thread(|| ()).await.unwrap();
        })
        .unwrap();
        let late = pool.try_submit(|| 7).unwrap_err();
        assert!(matches!(late.reason, Reason::Shutdown));
    });
}

// B38
#[test]
fn the_end_of_the_loop_waits_for_a_call_that_was_let_go() {
    ends(|| {
        let has_run = Arc::new(AtomicBool::new(false));
        let its_has_run = Arc::clone(&has_run);
        let gate = Gate::new();
        let its_gate = gate.clone();
        let opener = thread::spawn(move || {
            // time: by then the loop is at its end, as a rule; if it is not, nothing else is seen
            thread::sleep(Duration::from_millis(50));
            gate.open();
        });
        run(async {
            to_thread(move || {
                its_gate.pass();
                its_has_run.store(true, Ordering::SeqCst);
            })
            .detach();
        })
        .unwrap();
        assert!(has_run.load(Ordering::SeqCst));
        opener.join().unwrap();
    });
}

// B38: deviates, a call that is dropped before it starts does not keep the loop.
#[test]
fn a_call_that_was_dropped_in_the_queue_never_runs() {
    ends(|| {
        let held = Held::new();
        let pool = held.pool.clone();
        let (tell, told) = mpsc::channel();
        run(async move {
            set_default_executor(pool);
            drop(to_thread(move || tell.send(7).unwrap()));
            held.gate.open();
        })
        .unwrap();
        assert!(told.recv_timeout(LONG).is_err());
    });
}

/// Loops without `run` share one, which every test of this process may use: so this is for a process of its own.
fn on_runtime<R>(f: impl AsyncFnOnce() -> R) -> R {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(f())
}

#[test]
fn runtimes_without_run_share_the_one_of_the_process() {
    in_child(
        "default_executor::runtimes_without_run_share_the_one_of_the_process",
        || {
            ends(|| {
                on_runtime(async || set_default_executor(named("process")));
                let name = on_runtime(async || to_thread(name).await.unwrap());
                assert!(name.starts_with("process"));
            });
        },
    );
}

#[test]
fn a_loop_of_run_does_not_touch_the_one_of_the_process() {
    in_child(
        "default_executor::a_loop_of_run_does_not_touch_the_one_of_the_process",
        || {
            ends(|| {
                on_runtime(async || set_default_executor(named("process")));
                run(async {
                    assert!(to_thread(name).await.unwrap().starts_with("asyncio_"));
                    shutdown_default_executor(None).await.unwrap();
                })
                .unwrap();
                let name = on_runtime(async || to_thread(name).await.unwrap());
                assert!(name.starts_with("process"));
            });
        },
    );
}

// B06
#[test]
fn the_one_of_the_process_is_shut_down_for_all_runtimes_until_another_is_set() {
    in_child(
        "default_executor::the_one_of_the_process_is_shut_down_for_all_runtimes_until_another_is_set",
        || {
            ends(|| {
                on_runtime(async || {
                    assert_eq!(to_thread(|| 7).await.unwrap(), 7);
                    shutdown_default_executor(None).await.unwrap();
                });
                on_runtime(async || {
                    assert!(is_shut_down(&to_thread(|| 8).await));
                    set_default_executor(named("again"));
                    assert_eq!(to_thread(|| 9).await.unwrap(), 9);
                });
            });
        },
    );
}

#[test]
fn the_one_of_the_process_is_there_without_a_runtime() {
    let seven = to_thread(|| 7);
    assert_eq!(futures::executor::block_on(seven).unwrap(), 7);
}
