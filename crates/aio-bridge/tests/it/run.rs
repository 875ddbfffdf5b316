//! `run` and `Runner`: a loop from its beginning to its end, with what is left cancelled and awaited.

#![expect(
    clippy::async_yields_async,
    reason = "a coroutine gives out its tasks, to see what becomes of them"
)]

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use aio_bridge::sleep;
use aio_bridge::{
    Error, Runner, cancelled, create_named_task, create_task, current_task, fallible, run,
    run_coroutine_threadsafe, set_default_executor, shutdown_default_executor, to_thread,
};
use cf_core::Reason;
use cf_pool::ThreadPoolExecutor;
use tokio::task::yield_now;

use crate::{
    loops::{Gate, LONG, ends, many_threads, on_each_loop, one_thread},
    paused::{Notes, elapse, ms},
    reports::reports_of,
};

/// A runner of one thread, and one of several.
fn runners() -> [Runner; 2] {
    [Runner::new().unwrap(), Runner::with(many_threads())]
}

// AT48
#[test]
fn it_gives_the_value_of_the_coroutine() {
    ends(|| {
        assert_eq!(run(async { 7 }).unwrap(), 7);
        for mut runner in runners() {
            assert_eq!(runner.run(async { 7 }).unwrap(), 7);
        }
    });
}

// AT48
#[test]
fn it_gives_the_failure_of_the_coroutine() {
    ends(|| {
        let failed = run(fallible(async { Err::<(), _>("no luck") }));
        assert_eq!(failed.unwrap_err().to_string(), "no luck");
        assert!(matches!(
            run(async { panic!("boom") }),
            Err(Error::Panicked(_))
        ));
        let result = run(async { Err::<(), _>("no luck") });
        assert_eq!(result.unwrap(), Err("no luck"));
    });
}

#[test]
fn the_coroutine_runs_on_this_thread_as_a_task() {
    ends(|| {
        let here = thread::current().id();
        for mut runner in runners() {
            let there = runner.run(async {
                let before = current_task().unwrap().id();
                yield_now().await;
                assert_eq!(current_task().unwrap().id(), before);
                thread::current().id()
            });
            assert_eq!(there.unwrap(), here);
        }
    });
}

#[test]
fn a_coroutine_that_cancels_itself_gives_an_error() {
    ends(|| {
        let outcome = run(async {
            current_task().unwrap().cancel();
            std::future::pending::<()>().await;
        });
        assert!(matches!(outcome, Err(Error::Cancelled)));
    });
}

#[test]
fn the_coroutine_need_not_be_send() {
    ends(|| {
        let word = std::rc::Rc::new("tea");
        let inside = std::rc::Rc::clone(&word);
        let length = run(async move {
            yield_now().await;
            inside.len()
        });
        assert_eq!(length.unwrap(), word.len());
    });
}

// AT48
#[test]
fn tasks_that_are_left_are_cancelled() {
    ends(|| {
        for mut runner in runners() {
            let notes = Notes::default();
            let at_end = notes.at_drop("dropped");
            let (tell, told) = tokio::sync::oneshot::channel();
            let task = runner.run(async {
                let task = create_task(async move {
                    let _at_end = at_end;
                    tell.send(()).unwrap();
                    std::future::pending::<()>().await;
                });
                told.await.unwrap();
                task
            });
            runner.close();
            assert!(task.unwrap().cancelled());
            assert_eq!(notes.all(), ["dropped"]);
        }
    });
}

// AT48
#[test]
fn tasks_that_are_left_are_awaited_while_they_clean_up() {
    ends(|| {
        for mut runner in runners() {
            let notes = Notes::default();
            let inside = notes.clone();
            let (tell, told) = tokio::sync::oneshot::channel();
            let task = runner.run(async {
                let task = create_task(async move {
                    tokio::select! {
                        () = async { tell.send(()).unwrap(); std::future::pending().await } => 0,
                        () = cancelled() => {
                            elapse(ms(5)).await;
                            create_task(std::future::pending::<()>()).await.unwrap_err();
                            inside.note("cleaned up");
                            7
                        }
                    }
                });
                told.await.unwrap();
                task
            });
            drop(runner);
            assert_eq!(notes.all(), ["cleaned up"]);
            assert_eq!(task.unwrap().result().unwrap(), 7);
        }
    });
}

// AT48
#[test]
fn a_task_that_is_left_and_has_not_started_never_does() {
    ends(|| {
        let notes = Notes::default();
        let inside = notes.clone();
        let task = run(async move { create_task(async move { inside.note("ran") }) });
        assert!(task.unwrap().cancelled());
        assert_eq!(notes.all(), [""; 0]);
    });
}

// AT48
#[test]
fn a_failure_of_a_task_that_is_left_is_reported() {
    let reports = reports_of(|| {
        run(async {
            drop(create_task(fallible(async {
                cancelled().await;
                Err::<(), _>("no luck")
            })));
            yield_now().await;
        })
        .unwrap();
    });
    assert_eq!(reports.len(), 1, "{reports:?}");
}

// AT48
#[test]
fn work_of_the_default_executor_is_waited_for() {
    ends(|| {
        for mut runner in runners() {
            let (gate, notes) = (Gate::new(), Notes::default());
            let (its_gate, inside, opener) = (gate.clone(), notes.clone(), gate);
            let main = async {
                to_thread(move || {
                    its_gate.pass();
                    inside.note("work done");
                })
                .detach();
                let (tell, told) = tokio::sync::oneshot::channel();
                drop(create_task(async move {
                    tokio::select! {
                        () = async { tell.send(()).unwrap(); std::future::pending().await } => {}
                        () = cancelled() => opener.open(),
                    }
                }));
                told.await.unwrap();
            };
            runner.run(main).unwrap();
            runner.close();
            assert_eq!(notes.all(), ["work done"]);
        }
    });
}

// AT48
#[test]
fn a_default_executor_that_was_set_is_ended_with_the_loop() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let kept = pool.clone();
        let sum = run(async {
            set_default_executor(pool);
            to_thread(|| 3 + 4).await
        });
        assert_eq!(sum.unwrap().unwrap(), 7);
        let refused = cf_core::Executor::submit(&kept, || ()).result();
        assert!(matches!(refused, Err(Error::Rejected(Reason::Shutdown))));
    });
}

// AT48
#[test]
fn each_loop_has_its_own_default_executor() {
    ends(|| {
        let refused = run(async {
            shutdown_default_executor(None).await.unwrap();
            to_thread(|| 7).await
        });
        assert!(matches!(refused.unwrap(), Err(Error::Rejected(_))));
        assert_eq!(run(async { to_thread(|| 7).await }).unwrap().unwrap(), 7);
    });
}

// AT48
#[test]
fn each_run_makes_a_loop_of_its_own() {
    ends(|| {
        let first = run(async { tokio::runtime::Handle::current().id() }).unwrap();
        let second = run(async { tokio::runtime::Handle::current().id() }).unwrap();
        assert_ne!(first, second);
    });
}

#[test]
fn a_runner_runs_one_after_the_other_on_one_loop() {
    ends(|| {
        for mut runner in runners() {
            let (promise, one) = aio_bridge::future();
            let task = runner.run(async { create_task(fallible(one)) }).unwrap();
            promise.set_result(7).unwrap();
            assert_eq!(runner.run(task).unwrap().unwrap(), 7);
            let failed = runner.run(async { panic!("boom") });
            assert!(matches!(failed, Err(Error::Panicked(_))));
            assert_eq!(runner.run(async { 8 }).unwrap(), 8);
        }
    });
}

#[test]
fn a_loop_that_nobody_runs_takes_work_for_later() {
    ends(|| {
        let mut runner = Runner::new().unwrap();
        let later = run_coroutine_threadsafe(async { 7 }, runner.handle());
        assert!(!later.wait_timeout(Duration::ZERO));
        runner.run(yield_now()).unwrap();
        assert_eq!(later.result().unwrap(), 7);
    });
}

// AT49
#[test]
fn any_future_is_run() {
    ends(|| {
        assert_eq!(run(std::future::ready(7)).unwrap(), 7);
        let (promise, one) = aio_bridge::future();
        promise.set_result(7).unwrap();
        assert_eq!(run(one).unwrap().unwrap(), 7);
    });
}

// AT49
#[test]
fn it_is_refused_inside_a_running_loop() {
    fn is_refused<T>(outcome: &Result<T, Error>) -> bool {
        matches!(outcome, Err(Error::Rejected(Reason::EventLoopRunning)))
    }

    on_each_loop(|| async {
        let notes = Notes::default();
        let inside = notes.clone();
        assert!(is_refused(&run(async move { inside.note("ran") })));
        assert!(is_refused(&Runner::new()));
        assert_eq!(notes.all(), [""; 0]);
    });
    ends(|| {
        for mut outer in runners() {
            let [mut inner, _] = runners();
            let refused = outer.run(async move {
                let outcomes = (run(async {}), inner.run(async {}));
                // Moved out again: it is taken down where no loop runs.
                (is_refused(&outcomes.0) && is_refused(&outcomes.1), inner)
            });
            assert!(refused.unwrap().0);
        }
    });
}

// AT49
#[test]
fn it_can_be_called_by_a_worker_of_a_loop() {
    ends(|| {
        let inner = run(async { to_thread(|| run(async { 7 })).await });
        assert_eq!(inner.unwrap().unwrap().unwrap(), 7);
    });
}

#[test]
fn a_runner_dropped_inside_a_loop_cancels_its_tasks_and_does_not_wait() {
    ends(|| {
        let mut inner = Runner::new().unwrap();
        let task = inner.run(async {
            let task = create_task(std::future::pending::<()>());
            yield_now().await;
            task
        });
        run(async move { drop(inner) }).unwrap();
        assert!(task.unwrap().cancelled());
    });
}

#[test]
fn a_worker_that_blocks_for_ever_does_not_keep_the_loop_of_another() {
    ends(|| {
        let gate = Gate::new();
        let (its_gate, (tell, told)) = (gate.clone(), mpsc::channel());
        let blocked = thread::spawn(move || {
            let mut runner = Runner::with(one_thread());
            runner
                .run(async move {
                    to_thread(move || {
                        tell.send(()).unwrap();
                        its_gate.pass();
                    })
                    .await
                })
                .unwrap()
        });
        told.recv_timeout(LONG).unwrap();
        assert_eq!(run(async { to_thread(|| 7).await }).unwrap().unwrap(), 7);
        gate.open();
        blocked.join().unwrap().unwrap();
    });
}

#[test]
fn the_clock_of_the_loop_works() {
    ends(|| {
        let begin = Instant::now();
        // time: it is the clock that is tested; a lower bound only
        run(async { sleep(ms(20)).await }).unwrap();
        assert!(begin.elapsed() >= ms(20));
    });
}

#[test]
fn tasks_of_the_loop_are_named_and_counted() {
    ends(|| {
        let mut runner = Runner::new().unwrap();
        assert!(format!("{runner:?}").contains("n_tasks: 0"));
        let task = runner.run(async { create_named_task("tea", std::future::pending::<()>()) });
        assert!(format!("{runner:?}").contains("n_tasks: 1"));
        assert_eq!(task.unwrap().name(), "tea");
    });
}
