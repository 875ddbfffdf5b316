//! Calls in worker processes, awaited: cancelling, time limits, deaths, back-pressure, and ending the pool.
#![cfg(unix)]

mod door;

use std::{
    future::Future,
    panic,
    pin::pin,
    process,
    sync::mpsc::{self, RecvTimeoutError},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use aio_bridge::{
    AioFuture, Close, Error, as_completed, create_task, gather, run, run_in_executor, submit,
    timeout, wait_for,
};
use cf_core::{BoxError, Reason, checkpoint};
use cf_pool::{ProcessPoolExecutor, RemoteError, task};
use door::{Door, LONG, knock, knock_and_wait};

cf_pool::worker_test!();

#[task]
fn square(n: u64) -> u64 {
    n * n
}

#[task]
fn pid() -> u32 {
    process::id()
}

#[task]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

#[task]
fn abort() {
    process::abort();
}

#[task]
fn write(path: &str) -> std::io::Result<()> {
    std::fs::write(path, "it ran")
}

/// Gives `value` once it is let in.
#[task]
fn held(door: &str, value: u32) -> std::io::Result<u32> {
    knock_and_wait(door)?;
    Ok(value)
}

/// Stops when it is asked to, and not before.
#[task]
fn obedient(door: &str) -> Result<(), BoxError> {
    let _stays = knock(door)?;
    loop {
        checkpoint()?;
        thread::yield_now();
    }
}

/// Runs a coroutine on a loop of its own, with a pool that is taken down outside the loop.
fn with_pool(
    pool: ProcessPoolExecutor,
    test: impl AsyncFnOnce(&ProcessPoolExecutor) + Send + 'static,
) {
    ends(move || run(test(&pool)).unwrap());
}

/// Fails if it takes longer than [`LONG`].
fn ends(f: impl FnOnce() + Send + 'static) {
    let (tell, told) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let _tell = tell;
        f();
    });
    assert_eq!(told.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
    if let Err(panic) = thread.join() {
        panic::resume_unwind(panic);
    }
}

/// Polls once, for a look; nobody is woken.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn one_worker() -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(1).unwrap()
}

/// A pool that ends a call soon which does not stop when asked to.
fn impatient() -> ProcessPoolExecutor {
    ProcessPoolExecutor::builder()
        .max_workers(1)
        .cancel_grace(Duration::from_millis(10))
        .build()
        .unwrap()
}

#[test]
fn a_call_is_awaited() {
    with_pool(one_worker(), async |pool| {
        let there = run_in_executor(pool, pid::task()).await.unwrap();
        assert_ne!(there, process::id());
    });
}

#[test]
fn the_error_of_a_call_is_awaited_too() {
    with_pool(one_worker(), async |pool| {
        let error = run_in_executor(pool, parse::task("x")).await.unwrap_err();
        let remote: &RemoteError = error.downcast_ref().unwrap();
        assert_eq!(remote.to_string(), "invalid digit found in string");
        assert_ne!(remote.pid(), process::id());
    });
}

#[test]
fn the_loop_goes_on_while_a_call_runs() {
    with_pool(one_worker(), async |pool| {
        let door = Door::new();
        let call = run_in_executor(pool, held::task(door.path(), 7));
        // Only a loop that is not blocked comes to let it in.
        let porter = create_task(async move { door.open().await.let_in().await });
        assert_eq!(call.await.unwrap(), 7);
        porter.await.unwrap();
    });
}

#[test]
fn a_cancelled_call_that_does_not_stop_is_ended_and_the_pool_goes_on() {
    with_pool(impatient(), async |pool| {
        let door = Door::new();
        let call = run_in_executor(pool, held::task(door.path(), 7));
        let guest = door.open().await;
        assert!(call.cancel());
        assert!(matches!(call.await, Err(Error::Cancelled)));
        guest.leaves().await;
        assert_eq!(run_in_executor(pool, square::task(3)).await.unwrap(), 9);
    });
}

#[test]
fn a_cancelled_call_that_stops_when_asked_to_keeps_its_worker() {
    with_pool(one_worker(), async |pool| {
        let before = run_in_executor(pool, pid::task()).await.unwrap();
        let door = Door::new();
        let call = run_in_executor(pool, obedient::task(door.path()));
        let guest = door.open().await;
        assert!(call.cancel());
        assert!(matches!(call.await, Err(Error::Cancelled)));
        guest.leaves().await;
        let after = run_in_executor(pool, pid::task()).await.unwrap();
        assert_eq!(after, before);
    });
}

#[test]
fn a_call_whose_future_is_dropped_is_ended() {
    with_pool(impatient(), async |pool| {
        let door = Door::new();
        let call = run_in_executor(pool, held::task(door.path(), 7));
        let guest = door.open().await;
        drop(call);
        guest.leaves().await;
    });
}

#[test]
fn a_call_that_is_still_queued_is_cancelled_and_never_runs() {
    with_pool(one_worker(), async |pool| {
        let door = Door::new();
        let dir = tempfile::tempdir().unwrap();
        let note = dir.path().join("note");
        let first = run_in_executor(pool, held::task(door.path(), 1));
        let guest = door.open().await;
        let queued = run_in_executor(pool, write::task(note.to_str().unwrap()));
        assert!(queued.cancel());
        assert!(matches!(queued.await, Err(Error::Cancelled)));
        guest.let_in().await;
        assert_eq!(first.await.unwrap(), 1);
        // Had it run, it would have written before this one could run.
        run_in_executor(pool, pid::task()).await.unwrap();
        assert!(!note.exists());
    });
}

#[test]
fn a_time_limit_on_the_wait_ends_the_call() {
    with_pool(impatient(), async |pool| {
        let door = Door::new();
        let call = run_in_executor(pool, held::task(door.path(), 7));
        let guest = door.open().await;
        assert!(wait_for(call, Duration::from_millis(5)).await.is_err());
        guest.leaves().await;
        assert_eq!(run_in_executor(pool, square::task(3)).await.unwrap(), 9);
    });
}

#[test]
fn a_time_limit_around_a_block_ends_the_call_in_it() {
    with_pool(impatient(), async |pool| {
        let door = Door::new();
        let (tell, told) = tokio::sync::oneshot::channel();
        let block = async {
            let call = run_in_executor(pool, held::task(door.path(), 7));
            drop(tell.send(door.open().await));
            call.await
        };
        // Long enough to start a worker in, on most days.
        let outcome = timeout(Duration::from_millis(500), block).await;
        assert!(outcome.is_err());
        if let Ok(guest) = told.await {
            guest.leaves().await;
        }
        assert_eq!(run_in_executor(pool, square::task(3)).await.unwrap(), 9);
    });
}

#[test]
fn the_time_limit_of_the_call_itself_is_its_failure() {
    with_pool(one_worker(), async |pool| {
        let door = Door::new();
        let limit = Duration::from_millis(20);
        let call = run_in_executor(pool, held::task(door.path(), 7).timeout(limit));
        let Err(Error::TimedOut(late)) = call.await else {
            panic!("it was let in by nobody");
        };
        assert_eq!(late.limit(), Some(limit));
        assert!(late.ran().unwrap() >= limit);
        door.open().await.leaves().await;
    });
}

#[test]
fn the_death_of_a_worker_is_seen_by_who_awaits_its_call_and_by_nobody_else() {
    with_pool(ProcessPoolExecutor::new(2).unwrap(), async |pool| {
        let door = Door::new();
        let survivor = run_in_executor(pool, held::task(door.path(), 7));
        let guest = door.open().await;
        let Err(Error::WorkerDied(death)) = run_in_executor(pool, abort::task()).await else {
            panic!("it lives");
        };
        assert_eq!(death.signal(), Some(6)); // SIGABRT
        assert!(death.task().unwrap().ends_with("abort"));
        guest.let_in().await;
        assert_eq!(survivor.await.unwrap(), 7);
    });
}

#[test]
fn calls_are_gathered_in_order() {
    with_pool(ProcessPoolExecutor::new(2).unwrap(), async |pool| {
        let calls = (1..=100).map(|n| run_in_executor(pool, square::task(n)));
        let squares = gather(calls).await.unwrap();
        assert_eq!(squares, (1..=100).map(|n| n * n).collect::<Vec<u64>>());
    });
}

#[test]
fn a_death_among_gathered_calls_is_the_failure_of_all_or_one_outcome() {
    with_pool(one_worker(), async |pool| {
        let calls = || [pid::task(), pid::task()].map(|call| run_in_executor(pool, call));
        let dies = || run_in_executor(pool, abort::task());
        let both = aio_bridge::gather!(dies(), gather(calls())).await;
        assert!(matches!(both, Err(Error::WorkerDied(_))));
        let each = aio_bridge::gather!(return_exceptions; dies(), gather(calls())).await;
        let (death, pids) = each.unwrap();
        assert!(matches!(death, Err(Error::WorkerDied(_))));
        assert_eq!(pids.unwrap().len(), 2);
    });
}

#[test]
fn calls_arrive_as_they_complete() {
    with_pool(ProcessPoolExecutor::new(2).unwrap(), async |pool| {
        let door = Door::new();
        let slow = run_in_executor(pool, held::task(door.path(), 1));
        let guest = door.open().await;
        let quick = run_in_executor(pool, parse::task("2"));
        let mut arriving = as_completed([slow, quick]);
        let next = async |arriving: &mut aio_bridge::AsCompleted<AioFuture<u32>>| {
            arriving.next().await.unwrap().await.unwrap()
        };
        assert_eq!(next(&mut arriving).await, 2);
        guest.let_in().await;
        assert_eq!(next(&mut arriving).await, 1);
    });
}

#[test]
fn submit_waits_for_room_in_a_bounded_queue() {
    let pool = ProcessPoolExecutor::builder()
        .max_workers(1)
        .queue_capacity(2)
        .build()
        .unwrap();
    with_pool(pool, async |pool| {
        let door = Door::new();
        let running = submit(pool, held::task(door.path(), 7)).await;
        let guest = door.open().await;
        let mut accepted = Vec::new();
        loop {
            match pool.try_submit(square::task(accepted.len() as u64)) {
                Ok(future) => accepted.push(future),
                Err(rejected) => break assert!(matches!(rejected.reason, Reason::Full)),
            }
        }
        assert_eq!(accepted.len(), 2);
        let mut waiting = pin!(submit(pool, square::task(9)));
        assert!(poll_once(&mut waiting).is_pending());
        guest.let_in().await;
        assert_eq!(waiting.await.await.unwrap(), 81);
        assert_eq!(running.await.unwrap(), 7);
        for (n, future) in accepted.into_iter().enumerate() {
            let value = aio_bridge::wrap_future(future).await.unwrap();
            assert_eq!(value, (n * n) as u64);
        }
    });
}

#[test]
fn however_many_are_submitted_all_arrive() {
    let pool = ProcessPoolExecutor::builder()
        .max_workers(2)
        .queue_capacity(3)
        .build()
        .unwrap();
    with_pool(pool, async |pool| {
        let submitters = [0, 1, 2, 3].map(|which| {
            let pool = pool.clone();
            create_task(async move {
                let mut sum = 0;
                for n in 0..250 {
                    sum += submit(&pool, square::task(which * 250 + n))
                        .await
                        .await
                        .unwrap();
                }
                sum
            })
        });
        let sums = gather(submitters).await.unwrap();
        let sum: u64 = sums.into_iter().sum();
        assert_eq!(sum, (0..1000_u64).map(|n| n * n).sum::<u64>());
    });
}

#[test]
fn close_waits_for_the_calls_while_the_loop_goes_on_and_leaves_no_process() {
    with_pool(one_worker(), async |pool| {
        let door = Door::new();
        let call = run_in_executor(pool, held::task(door.path(), 7));
        let porter = create_task(async move { door.open().await.let_in().await });
        pool.clone().close().await;
        assert!(porter.done());
        assert_eq!(call.await.unwrap(), 7);
        assert_eq!(pool.stats().workers, []);
        let late = run_in_executor(pool, square::task(1)).await;
        assert!(matches!(late, Err(Error::Rejected(Reason::Shutdown))));
    });
}

// B36: deviates, the end of the block does not block the loop.
#[test]
fn a_pool_dropped_in_a_task_does_not_block_and_its_calls_are_done() {
    ends(|| {
        let block = async {
            let door = Door::new();
            let pool = one_worker();
            let call = run_in_executor(&pool, held::task(door.path(), 7));
            drop(pool);
            door.open().await.let_in().await;
            assert_eq!(call.await.unwrap(), 7);
        };
        run(block).unwrap();
    });
}
