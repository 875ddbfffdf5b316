//! Whatever polls: runtimes of one thread and of several, local sets, runtimes inside others, none at all, and one that goes away.

#![expect(
    clippy::async_yields_async,
    reason = "futures and tasks leave the loop that they were made in"
)]

use std::{
    future::poll_fn,
    pin::pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use aio_bridge::{
    AioFuture, Error, create_local_task, create_task, future, run, run_in_executor, submit,
    to_thread, wrap_future,
};
use cf_core::{Promise, Reason};
use cf_pool::ThreadPoolExecutor;
use tokio::{runtime::Builder, task::LocalSet};

use crate::{
    held::{Held, on_loop},
    loops::{Gate, LONG, ends, many_threads, one_thread, poll_once},
    reports::reports_of,
};

/// Every way across the bridge, awaited once.
async fn cross(pool: &ThreadPoolExecutor) {
    assert_eq!(wrap_future(pool.submit(|| 1)).await.unwrap(), 1);
    assert_eq!(run_in_executor(pool, || 2).await.unwrap(), 2);
    assert_eq!(submit(pool, || 3).await.await.unwrap(), 3);
    assert_eq!(to_thread(|| 4).await.unwrap(), 4);
    let shared = wrap_future(pool.submit(|| 5).shared());
    assert_eq!(shared.clone().await.unwrap(), 5);
    let (promise, told) = future();
    drop(pool.submit(move || promise.set_result(6).unwrap()));
    assert_eq!(told.await.unwrap(), 6);
}

#[test]
fn the_bridge_carries_a_runtime_of_one_thread() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        one_thread().block_on(cross(&pool));
    });
}

#[test]
fn the_bridge_carries_a_runtime_of_several_threads() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(2).unwrap();
        let runtime = many_threads();
        let tasks = [(); 8].map(|()| {
            let pool = pool.clone();
            runtime.spawn(async move { cross(&pool).await })
        });
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn the_bridge_carries_tasks_of_this_crate_on_several_threads() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(2).unwrap();
        many_threads().block_on(async {
            let tasks = [(); 8].map(|()| {
                let pool = pool.clone();
                create_task(async move { cross(&pool).await })
            });
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn the_bridge_needs_no_tokio_under_the_futures_executor() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        futures::executor::block_on(cross(&pool));
    });
}

#[test]
fn the_bridge_needs_no_tokio_under_smol() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        smol::block_on(cross(&pool));
        let inner = pool.clone();
        smol::block_on(smol::spawn(async move { cross(&inner).await }));
    });
}

#[test]
fn submit_waits_for_room_without_tokio() {
    ends(|| {
        let held = Held::bounded(1);
        let queued = futures::executor::block_on(submit(&held.pool, || 1));
        let mut waiting = pin!(submit(&held.pool, || 2));
        assert!(poll_once(&mut waiting).is_pending());
        held.gate.open();
        let second = smol::block_on(async { waiting.await.await });
        assert_eq!(second.unwrap(), 2);
        assert_eq!(futures::executor::block_on(queued).unwrap(), 1);
    });
}

#[test]
fn a_coroutine_that_stays_on_its_thread_can_be_a_task_of_a_local_set() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let local = LocalSet::new();
        local.block_on(&one_thread(), async {
            let kept = Rc::new(7);
            let task = create_local_task(async move {
                let n = run_in_executor(&pool, || 1).await.unwrap();
                let more = create_local_task(async move { *kept });
                more.await.unwrap() + n
            });
            assert_eq!(task.await.unwrap(), 8);
        });
    });
}

#[test]
fn a_local_task_can_be_cancelled_from_another_thread() {
    ends(|| {
        let local = LocalSet::new();
        local.block_on(&one_thread(), async {
            let (running, run) = future();
            let task = create_local_task(async move {
                running.set_result(()).unwrap();
                std::future::pending::<()>().await;
            });
            run.await.unwrap();
            let canceller = task.canceller();
            thread::spawn(move || assert!(canceller.cancel()));
            assert!(matches!(task.await, Err(Error::Cancelled)));
        });
    });
}

#[test]
fn the_tasks_of_a_local_set_that_is_dropped_are_cancelled() {
    ends(|| {
        let runtime = one_thread();
        let local = LocalSet::new();
        let task = local.block_on(&runtime, async {
            let task = create_local_task(std::future::pending::<()>());
            tokio::task::yield_now().await;
            task
        });
        drop(local);
        assert!(task.done() && task.cancelled());
    });
}

#[test]
fn a_loop_can_be_run_inside_what_spawn_blocking_runs_on_its_own_runtime() {
    on_loop(async || {
        let nested = tokio::task::spawn_blocking(|| {
            let runtime = one_thread();
            // Its thread is of the outer runtime, too.
            runtime.block_on(async { create_task(async { to_thread(|| 7).await }).await })
        });
        assert_eq!(nested.await.unwrap().unwrap().unwrap(), 7);
    });
}

#[test]
fn a_loop_can_be_run_inside_what_to_thread_runs() {
    on_loop(async || {
        let nested = to_thread(|| run(async { to_thread(|| 7).await }));
        assert_eq!(nested.await.unwrap().unwrap().unwrap(), 7);
    });
}

#[test]
fn run_inside_a_running_loop_is_refused_and_says_so() {
    on_loop(async || {
        let error = run(async { 7 }).unwrap_err();
        assert!(matches!(error, Error::Rejected(Reason::EventLoopRunning)));
        assert!(error.to_string().contains("create_task"));
    });
}

#[test]
fn a_future_of_one_runtime_is_awaited_on_another() {
    ends(|| {
        let (first, second) = (one_thread(), many_threads());
        let task = first.block_on(async { create_task(async { 7 }) });
        let other = thread::spawn(move || second.block_on(task));
        first.block_on(async { tokio::task::yield_now().await });
        assert_eq!(other.join().unwrap().unwrap(), 7);
    });
}

#[test]
fn a_future_that_was_polled_on_one_runtime_ends_on_another() {
    ends(|| {
        let held = Held::new();
        let (first, second) = (one_thread(), many_threads());
        let mut moved = run_in_executor(&held.pool, || 7);
        let polled = |future: &mut AioFuture<i32>| {
            first.block_on(poll_fn(|it| {
                std::task::Poll::Ready(pin!(&mut *future).poll(it))
            }))
        };
        assert!(polled(&mut moved).is_pending());
        // It is not the first runtime's waker that counts now.
        drop(first);
        let there = second.spawn(moved);
        let mut there = pin!(there);
        assert!(poll_once(&mut there).is_pending());
        held.gate.open();
        assert_eq!(second.block_on(there).unwrap().unwrap(), 7);
    });
}

#[test]
fn a_future_moves_from_runtime_to_runtime_while_it_ends() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let (first, second) = (one_thread(), one_thread());
        for n in 0..300 {
            let mut moved = run_in_executor(&pool, move || n);
            let look = async {
                tokio::select! {
                    biased;
                    outcome = &mut moved => Some(outcome),
                    () = tokio::task::yield_now() => None,
                }
            };
            let outcome = match first.block_on(look) {
                Some(outcome) => outcome,
                None => second.block_on(moved),
            };
            assert_eq!(outcome.unwrap(), n);
        }
    });
}

#[test]
fn ten_thousand_futures_are_in_flight_at_once() {
    const N_FUTURES: usize = 10_000;
    ends(|| {
        let pool = ThreadPoolExecutor::new(2).unwrap();
        let held = [(); 2].map(|()| {
            let gate = Gate::new();
            let its_gate = gate.clone();
            drop(pool.submit(move || its_gate.pass()));
            gate
        });
        let sum = many_threads().block_on(async {
            let tasks: Vec<_> = (0..N_FUTURES)
                .map(|n| {
                    let call = run_in_executor(&pool, move || n);
                    create_task(async move { call.await.unwrap() })
                })
                .collect();
            tokio::task::yield_now().await;
            for gate in &held {
                gate.open();
            }
            let mut sum = 0;
            for task in tasks {
                sum += task.await.unwrap();
            }
            sum
        });
        assert_eq!(sum, N_FUTURES * (N_FUTURES - 1) / 2);
    });
}

// B21
#[test]
fn a_runtime_that_goes_away_leaves_the_pool_and_what_was_let_go_alone() {
    for make in [one_thread, many_threads] {
        let reports = reports_of(|| {
            let Held { gate, pool } = Held::new();
            let (tell, told) = mpsc::channel();
            let runtime = make();
            let awaiting = runtime.block_on(async {
                let queued = run_in_executor(&pool, || 7);
                let task = create_task(queued);
                tokio::task::yield_now().await;
                task
            });
            let detached = run_in_executor(&pool, move || tell.send(7).unwrap());
            detached.detach();
            drop(runtime);
            assert!(awaiting.cancelled());
            gate.open();
            assert_eq!(told.recv_timeout(LONG), Ok(7));
            assert_eq!(pool.submit(|| 8).result().unwrap(), 8);
            assert_eq!(pool.stats().failed, 0);
        });
        assert_eq!(reports, [""; 0]);
    }
}

// B16, B21
#[test]
fn work_that_ends_after_the_runtime_has_its_value_dropped_and_its_worker_goes_on() {
    ends(|| {
        let (pool, gate) = (ThreadPoolExecutor::new(1).unwrap(), Gate::new());
        let (value, its_gate) = (Arc::new(()), gate.clone());
        let (its_value, started) = (Arc::clone(&value), Gate::new());
        let its_started = started.clone();
        let runtime = one_thread();
        let task = runtime.block_on(async {
            let running = run_in_executor(&pool, move || {
                its_started.open();
                its_gate.pass();
                its_value
            });
            let task = create_task(running);
            tokio::task::yield_now().await;
            task
        });
        started.pass();
        drop(runtime);
        assert!(task.cancelled());
        gate.open();
        assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
        assert_eq!(Arc::strong_count(&value), 1);
        assert_eq!(pool.stats().failed, 0);
    });
}

#[test]
fn callbacks_of_a_runtime_that_goes_away_are_dropped_and_keep_nobody_waiting() {
    ends(|| {
        let (promise, future) = Promise::<u32>::new();
        let wrapped = wrap_future(future);
        let runtime = one_thread();
        let kept = Arc::new(());
        let its_kept = Arc::clone(&kept);
        runtime.block_on(async {
            wrapped.add_done_callback(move |_| drop(its_kept));
        });
        drop(runtime);
        promise.set_result(7).unwrap();
        assert_eq!(Arc::strong_count(&kept), 1);
        assert_eq!(futures::executor::block_on(wrapped).unwrap(), 7);
    });
}

#[test]
fn the_tasks_of_a_runtime_that_goes_away_are_cancelled() {
    ends(|| {
        for runtime in [one_thread(), many_threads()] {
            let dropped = Arc::new(());
            let its_dropped = Arc::clone(&dropped);
            let (started, unstarted) = runtime.block_on(async {
                let (tell, told) = future();
                let started = create_task(async move {
                    let _kept = its_dropped;
                    tell.set_result(()).unwrap();
                    std::future::pending::<()>().await;
                });
                told.await.unwrap();
                (started, create_task(std::future::pending::<()>()))
            });
            drop(runtime);
            for task in [started, unstarted] {
                assert!(task.done() && task.cancelled() && !task.cancel());
                let outcome = futures::executor::block_on(task);
                assert!(matches!(outcome, Err(Error::Cancelled)));
            }
            assert_eq!(Arc::strong_count(&dropped), 1);
        }
    });
}

#[test]
fn who_awaits_a_task_of_a_runtime_that_goes_away_is_woken() {
    ends(|| {
        let runtime = many_threads();
        let task = runtime.block_on(async { create_task(std::future::pending::<()>()) });
        let asleep = Gate::new();
        let its_asleep = asleep.clone();
        let waiting = thread::spawn(move || {
            let mut task = pin!(task);
            futures::executor::block_on(poll_fn(|it| {
                let polled = task.as_mut().poll(it);
                its_asleep.open();
                polled
            }))
        });
        asleep.pass();
        drop(runtime);
        assert!(matches!(waiting.join().unwrap(), Err(Error::Cancelled)));
    });
}

#[test]
fn a_runtime_does_not_wait_for_the_pools_work() {
    ends(|| {
        let held = Held::new();
        let runtime = one_thread();
        let has_run = Arc::new(AtomicBool::new(false));
        let its_has_run = Arc::clone(&has_run);
        runtime.block_on(async {
            run_in_executor(&held.pool, move || {
                its_has_run.store(true, Ordering::SeqCst);
            })
            .detach();
        });
        drop(runtime);
        assert!(!has_run.load(Ordering::SeqCst));
    });
}

#[test]
fn many_short_runtimes_may_use_one_pool() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(2).unwrap();
        let n_runs = Arc::new(AtomicUsize::new(0));
        for _ in 0..50 {
            let runtime = one_thread();
            runtime.block_on(async {
                for _ in 0..10 {
                    let n_runs = Arc::clone(&n_runs);
                    run_in_executor(&pool, move || n_runs.fetch_add(1, Ordering::SeqCst)).detach();
                }
            });
        }
        pool.shutdown();
        assert_eq!(n_runs.load(Ordering::SeqCst), 500);
    });
}

#[test]
fn outside_a_loop_create_task_says_what_is_missing() {
    let panicked = std::panic::catch_unwind(|| drop(create_task(async {}))).unwrap_err();
    let text = panicked.downcast_ref::<&str>().unwrap();
    assert!(text.contains("no running event loop"), "{text}");
}

#[test]
fn a_runtime_without_a_timer_is_enough_for_the_bridge() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            cross(&pool).await;
            let all = aio_bridge::gather([1, 2].map(|n| run_in_executor(&pool, move || n)));
            assert_eq!(all.await.unwrap(), [1, 2]);
        });
    });
}
