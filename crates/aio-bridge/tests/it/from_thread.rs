//! `from_thread`: a callable that `to_thread` runs calls back into its loop.

use std::{future::pending, sync::mpsc, thread};

use aio_bridge::{
    Error, fallible, from_thread, run, run_in_executor, set_default_executor, to_thread,
};
use cf_core::Reason;
use cf_pool::ThreadPoolExecutor;
use tokio::runtime::Builder;

use crate::{
    held::{on_loop, with_pool},
    loops::{Gate, LONG, ends},
};

#[test]
fn a_coroutine_runs_on_the_loop_and_gives_its_value_to_the_worker() {
    on_loop(async || {
        let here = thread::current().id();
        let there = to_thread(|| from_thread::run(async { thread::current().id() }).unwrap());
        assert_eq!(there.await.unwrap(), here);
    });
}

#[test]
fn the_loop_goes_on_while_the_worker_waits_for_it() {
    on_loop(async || {
        let n = to_thread(|| {
            from_thread::run(async {
                tokio::task::yield_now().await;
                7
            })
        });
        assert_eq!(n.await.unwrap().unwrap(), 7);
    });
}

#[test]
fn a_closure_runs_on_the_loop() {
    on_loop(async || {
        let here = thread::current().id();
        let there = to_thread(|| from_thread::run_sync(|| thread::current().id()).unwrap());
        assert_eq!(there.await.unwrap(), here);
    });
}

#[test]
fn the_coroutines_failure_is_the_workers_to_see() {
    on_loop(async || {
        let raised = to_thread(|| from_thread::run(fallible(async { "x".parse::<u32>() })));
        assert!(matches!(raised.await.unwrap(), Err(Error::Raised(_))));
        let panicked = to_thread(|| from_thread::run_sync(|| -> u32 { panic!("no luck") }));
        assert!(matches!(panicked.await.unwrap(), Err(Error::Panicked(_))));
    });
}

#[test]
fn it_goes_back_and_forth() {
    fn down(n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        let deeper = from_thread::run(async move { to_thread(move || down(n - 1)).await });
        deeper.unwrap().unwrap() + 1
    }

    // Every worker of the pool waits for the loop, which waits for a worker.
    on_loop(async || {
        set_default_executor(ThreadPoolExecutor::new(1).unwrap());
        assert_eq!(to_thread(|| down(8)).await.unwrap(), 8);
    });
}

#[test]
fn a_worker_that_waits_for_the_loop_is_replaced() {
    on_loop(async || {
        set_default_executor(ThreadPoolExecutor::new(1).unwrap());
        let (finish, finished) = aio_bridge::future::<u32>();
        let waiting = to_thread(move || from_thread::run(finished));
        assert_eq!(to_thread(|| 7).await.unwrap(), 7);
        finish.set_result(8).unwrap();
        assert_eq!(waiting.await.unwrap().unwrap().unwrap(), 8);
    });
}

#[test]
fn elsewhere_it_fails_and_says_what_to_use() {
    let error = from_thread::run(async {}).unwrap_err();
    assert!(matches!(error, Error::Raised(_)));
    assert!(error.to_string().contains("run_coroutine_threadsafe"));
}

#[test]
fn work_for_another_executor_does_not_know_the_loop() {
    with_pool(1, async |pool| {
        let failed = run_in_executor(pool, || from_thread::run_sync(|| ()));
        assert!(matches!(failed.await.unwrap(), Err(Error::Raised(_))));
    });
}

#[test]
fn a_call_made_outside_a_loop_knows_none() {
    ends(|| {
        let failed = to_thread(|| from_thread::run_sync(|| ()));
        let outcome = futures::executor::block_on(failed).unwrap();
        assert!(matches!(outcome, Err(Error::Raised(_))));
    });
}

#[test]
fn a_worker_forgets_the_loop_when_the_call_has_ended() {
    on_loop(async || {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        set_default_executor(pool.clone());
        let panicked = to_thread(|| -> () { panic!("no luck") }).await;
        assert!(panicked.is_err());
        let failed = run_in_executor(&pool, || from_thread::run_sync(|| ()));
        assert!(matches!(failed.await.unwrap(), Err(Error::Raised(_))));
    });
}

#[test]
#[expect(
    clippy::async_yields_async,
    reason = "the call leaves the loop that it was made in"
)]
fn a_call_knows_the_loop_that_it_was_made_in_and_not_that_which_awaits_it() {
    ends(|| {
        let first = Builder::new_current_thread().build().unwrap();
        let second = Builder::new_current_thread().build().unwrap();
        let gate = Gate::new();
        let its_gate = gate.clone();
        let call = first.block_on(async {
            to_thread(move || {
                its_gate.pass();
                from_thread::run(async { tokio::runtime::Handle::current().id() })
            })
        });
        let made_in = first.handle().id();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = thread::spawn(move || first.block_on(stopped));
        gate.open();
        let id = second.block_on(call).unwrap().unwrap();
        assert_eq!(id, made_in);
        stop.send(()).unwrap();
        running.join().unwrap().unwrap();
    });
}

#[test]
fn a_loop_that_has_ended_takes_no_coroutine() {
    ends(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let gate = Gate::new();
        let its_gate = gate.clone();
        let (tell, told) = mpsc::channel();
        runtime.block_on(async {
            to_thread(move || {
                its_gate.pass();
                tell.send(from_thread::run_sync(|| 7)).unwrap();
            })
            .detach();
        });
        drop(runtime);
        gate.open();
        assert!(matches!(
            told.recv_timeout(LONG).unwrap(),
            Err(Error::Rejected(Reason::EventLoopClosed))
        ));
    });
}

#[test]
fn a_loop_that_ends_meanwhile_cancels_the_coroutine() {
    ends(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let (tell, told) = mpsc::channel();
        let (started, start) = tokio::sync::oneshot::channel();
        runtime.block_on(async {
            to_thread(move || {
                let endless = async move {
                    started.send(()).unwrap();
                    pending::<()>().await;
                };
                tell.send(from_thread::run(endless)).unwrap();
            })
            .detach();
            start.await.unwrap();
        });
        drop(runtime);
        assert!(matches!(
            told.recv_timeout(LONG).unwrap(),
            Err(Error::Cancelled)
        ));
    });
}

#[test]
fn a_loop_of_run_that_ends_cancels_the_coroutine_that_its_last_call_waits_for() {
    ends(|| {
        let (tell, told) = mpsc::channel();
        let (started, start) = tokio::sync::oneshot::channel();
        run(async {
            to_thread(move || {
                let endless = async move {
                    started.send(()).unwrap();
                    pending::<()>().await;
                };
                tell.send(from_thread::run(endless)).unwrap();
            })
            .detach();
            start.await.unwrap();
        })
        .unwrap();
        assert!(matches!(told.try_recv().unwrap(), Err(Error::Cancelled)));
    });
}

#[test]
fn a_call_that_uses_the_loop_while_that_ends_is_answered() {
    ends(|| {
        for _ in 0..100 {
            let (tell, told) = mpsc::channel();
            run(async {
                to_thread(move || tell.send(from_thread::run_sync(|| 7)).unwrap()).detach();
            })
            .unwrap();
            assert!(matches!(
                told.try_recv().unwrap(),
                Ok(7) | Err(Error::Cancelled)
            ));
        }
    });
}

#[test]
fn a_task_that_runs_on_top_of_a_call_does_not_know_its_loop() {
    on_loop(async || {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        set_default_executor(pool.clone());
        let inner = to_thread(move || pool.submit(|| from_thread::run_sync(|| ())).result());
        let outcome = inner.await.unwrap().unwrap();
        assert!(matches!(outcome, Err(Error::Raised(_))));
    });
}
