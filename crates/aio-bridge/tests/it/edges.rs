//! Where two things meet: callbacks and readers, ends and requests, loops and what outlives them.

use std::{
    future::pending,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aio_bridge::{
    Deadline, Error, Runner, TaskGroup, cancelled, create_local_task, create_task, from_thread,
    future, gather, run, run_coroutine_threadsafe, run_in_executor, set_default_executor,
    timeout_at, to_thread,
};
use cf_pool::ThreadPoolExecutor;
use tokio::{runtime::Handle, task::LocalSet};

use crate::loops::{block_on, ends, many_threads, on_one_thread, one_thread};

#[test]
fn a_group_never_ends_well_with_a_member_that_failed() {
    let runtime = many_threads();
    block_on(&runtime, async {
        for _ in 0..2_000 {
            let scope = TaskGroup::scope(|group| async move {
                drop(group.create_task(async { Err::<(), _>("out of paper") })?);
                Ok::<_, Error>(())
            });
            let busy = async {
                loop {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                outcome = scope => assert_eq!(outcome.unwrap_err().errors().len(), 1),
                () = busy => unreachable!(),
            }
        }
    });
}

#[test]
fn the_tasks_of_a_group_are_done_when_its_scope_has_ended() {
    let runtime = many_threads();
    block_on(&runtime, async {
        for _ in 0..2_000 {
            let (give, mut given) = tokio::sync::oneshot::channel();
            let scope = TaskGroup::scope(|group| async move {
                drop(give.send(group.create_task(async { 7_u32 })?));
                Ok::<_, Error>(())
            });
            scope.await.unwrap();
            assert!(given.try_recv().unwrap().done());
        }
    });
}

#[test]
fn gather_gives_the_values_after_the_callbacks_of_its_children_have_seen_them() {
    let runtime = many_threads();
    block_on(&runtime, async {
        let pool = ThreadPoolExecutor::new(2).unwrap();
        for _ in 0..500 {
            let n_seen = Arc::new(AtomicUsize::new(0));
            let children = (0..3_u32).map(|n| {
                let child = run_in_executor(&pool, move || n);
                let seen = Arc::clone(&n_seen);
                child.add_done_callback(move |done| {
                    assert_eq!(*done.result().unwrap(), n);
                    seen.fetch_add(1, Ordering::Relaxed);
                });
                child
            });
            let children: Vec<_> = children.collect();
            assert_eq!(gather(children).await.unwrap(), [0, 1, 2]);
            assert_eq!(n_seen.load(Ordering::Relaxed), 3);
        }
    });
}

#[test]
fn another_executor_inside_a_task_can_await_as_often_as_it_likes() {
    ends(|| {
        on_one_thread(async {
            let pool = ThreadPoolExecutor::new(1).unwrap();
            for n in 0..400 {
                let bridged = run_in_executor(&pool, move || n);
                assert_eq!(futures::executor::block_on(bridged).unwrap(), n);
            }
        });
    });
}

#[test]
fn run_does_not_wait_for_a_local_task_that_nobody_polls_any_more() {
    ends(|| {
        let local = LocalSet::new();
        run(local.run_until(async { drop(create_local_task(pending::<()>())) })).unwrap();
    });
}

#[test]
fn setting_a_default_executor_does_not_wait_for_the_one_before() {
    ends(|| {
        let runtime = one_thread();
        block_on(&runtime, async {
            set_default_executor(ThreadPoolExecutor::new(1).unwrap());
            let (tell, told) = tokio::sync::oneshot::channel();
            let call = to_thread(move || {
                tell.send(()).unwrap();
                from_thread::run(async { 7 }).unwrap()
            });
            told.await.unwrap();
            set_default_executor(ThreadPoolExecutor::new(1).unwrap());
            assert_eq!(call.await.unwrap(), 7);
        });
    });
}

#[test]
fn a_listener_that_has_heard_does_not_hear_for_the_driver() {
    ends(|| {
        run(async {
            let task = create_task(async {
                let mut stop = pin!(cancelled());
                (&mut stop).await;
                pending::<()>().await;
            });
            tokio::task::yield_now().await;
            task.cancel();
            tokio::task::yield_now().await;
            task.cancel();
            assert!(matches!(task.await, Err(Error::Cancelled)));
        })
        .unwrap();
    });
}

#[test]
fn a_listener_that_goes_without_having_heard_leaves_the_request_to_the_driver() {
    ends(|| {
        let runtime = many_threads();
        block_on(&runtime, async {
            let (give, given) = tokio::sync::oneshot::channel();
            let task = create_task(async move {
                let mut stop = Box::pin(cancelled());
                // Polled once, so that it listens.
                std::future::poll_fn(|context| {
                    assert!(stop.as_mut().poll(context).is_pending());
                    std::task::Poll::Ready(())
                })
                .await;
                drop(give.send(stop));
                pending::<()>().await;
            });
            let stop = given.await.ok().unwrap();
            task.cancel();
            tokio::task::yield_now().await;
            drop(stop);
            assert!(matches!(task.await, Err(Error::Cancelled)));
        });
    });
}

#[test]
fn a_deadline_that_several_keep_to_wakes_all_of_them_when_it_is_moved() {
    ends(|| {
        on_one_thread(async {
            let deadline = Deadline::never();
            let tasks = [(), ()].map(|()| {
                let deadline = deadline.clone();
                create_task(async move { timeout_at(deadline, pending::<()>()).await.is_err() })
            });
            tokio::task::yield_now().await;
            deadline.reschedule(Duration::from_millis(1));
            assert_eq!(gather(tasks).await.unwrap(), [true, true]);
        });
    });
}

#[test]
fn a_removed_callback_keeps_nobody_waiting_for_its_loop() {
    ends(|| {
        let mut runner = Runner::new().unwrap();
        let (promise, awaited) = future();
        runner
            .run(async {
                let id = awaited.add_done_callback(|_| unreachable!());
                assert!(awaited.remove_done_callback(id));
            })
            .unwrap();
        promise.set_result(7).unwrap();
        assert_eq!(futures::executor::block_on(awaited).unwrap(), 7);
    });
}

#[test]
fn the_id_of_a_callback_is_not_that_of_another_future() {
    on_one_thread(async {
        let (_promise, one) = future::<u32>();
        let (_promise, other) = future::<u32>();
        one.add_done_callback(|_| ());
        let id = other.add_done_callback(|_| ());
        assert!(!one.remove_done_callback(id) && other.remove_done_callback(id));
    });
}

#[test]
fn a_cancel_of_the_blocking_future_is_told_after_an_earlier_request_was_taken() {
    ends(|| {
        let runtime = one_thread();
        block_on(&runtime, async {
            let (tell, told) = tokio::sync::oneshot::channel();
            let (give, given) = tokio::sync::oneshot::channel();
            let future = run_coroutine_threadsafe(
                async move {
                    drop(give.send(aio_bridge::current_task().unwrap()));
                    cancelled().await;
                    tell.send(()).unwrap();
                    cancelled().await;
                },
                &Handle::current(),
            );
            let itself = given.await.unwrap();
            tokio::task::yield_now().await;
            itself.cancel();
            told.await.unwrap();
            tokio::task::yield_now().await;
            assert!(future.cancel());
            while itself.cancel() {
                tokio::task::yield_now().await;
            }
        });
    });
}

#[test]
fn a_runtime_without_drivers_runs_all_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut runner = Runner::with(runtime);
    assert_eq!(
        runner
            .run(async { to_thread(|| 7).await.unwrap() })
            .unwrap(),
        7
    );
    drop(runner);
}

#[test]
fn a_task_whose_futures_are_always_done_lets_others_run() {
    on_one_thread(async {
        let n_passes = Arc::new(AtomicUsize::new(0));
        let passes = Arc::clone(&n_passes);
        let other = create_task(async move {
            loop {
                passes.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let greedy = create_task(async {
            for n in 0..200_000 {
                let (promise, awaited) = future();
                promise.set_result(n).unwrap();
                assert_eq!(awaited.await.unwrap(), n);
            }
        });
        greedy.await.unwrap();
        other.cancel();
        assert!(n_passes.load(Ordering::Relaxed) > 10);
    });
}

#[test]
fn a_task_that_awaits_tiny_work_over_and_over_lets_others_run() {
    on_one_thread(async {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let n_passes = Arc::new(AtomicUsize::new(0));
        let passes = Arc::clone(&n_passes);
        let other = create_task(async move {
            loop {
                passes.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let greedy = create_task(async move {
            for n in 0..5_000 {
                assert_eq!(run_in_executor(&pool, move || n).await.unwrap(), n);
            }
        });
        greedy.await.unwrap();
        other.cancel();
        assert!(n_passes.load(Ordering::Relaxed) > 10);
    });
}
