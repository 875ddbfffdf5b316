//! Ending a pool from inside a loop: dropped it does not block, and `close().await` waits.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use aio_bridge::{Close, Error, create_task, guarded, run, run_in_executor, timeout};
use cf_core::Reason;
use cf_pool::ThreadPoolExecutor;

use crate::{
    held::{Held, on_loop},
    loops::{Gate, LONG, ends, poll_once},
    process::in_child,
    reports::reports_of,
};

// B36: deviates, the end of the block does not block the loop.
#[test]
fn a_pool_dropped_in_a_task_does_not_block_and_what_it_accepted_is_done() {
    on_loop(async || {
        let (tell, told) = mpsc::channel();
        let Held { gate, pool } = Held::new();
        run_in_executor(&pool, move || tell.send(7).unwrap()).detach();
        drop(pool);
        assert!(told.try_recv().is_err());
        gate.open();
        assert_eq!(told.recv_timeout(LONG), Ok(7));
    });
}

// B36
#[test]
fn a_pool_dropped_in_a_task_warns_and_names_close() {
    // Elsewhere other tests make `tracing` learn of that event at this very moment, and it may pass us by.
    in_child(
        "close::a_pool_dropped_in_a_task_warns_and_names_close",
        || {
            let reports = reports_of(|| {
                run(async {
                    let pool = ThreadPoolExecutor::new(1).unwrap();
                    run_in_executor(&pool, || ()).await.unwrap();
                })
                .unwrap();
            });
            assert_eq!(reports.len(), 1, "{reports:?}");
            assert!(reports[0].starts_with("WARN") && reports[0].contains("close().await"));
        },
    );
}

// B36: deviates, a time limit on a block with a pool in it keeps to the time.
#[test]
fn a_time_limit_around_a_block_with_a_pool_does_not_wait_for_the_work() {
    on_loop(async || {
        let gate = Gate::new();
        let its_gate = gate.clone();
        let block = async move {
            let pool = ThreadPoolExecutor::new(1).unwrap();
            run_in_executor(&pool, move || its_gate.pass()).await
        };
        assert!(timeout(Duration::from_millis(10), block).await.is_err());
        // Had it blocked, nobody would have opened the gate.
        gate.open();
    });
}

// B36
#[test]
fn a_cancelled_task_with_a_pool_in_it_does_not_wait_for_the_work() {
    on_loop(async || {
        let (gate, running) = (Gate::new(), Gate::new());
        let (its_gate, its_running) = (gate.clone(), running.clone());
        let task = create_task(async move {
            let pool = ThreadPoolExecutor::new(1).unwrap();
            let work = move || {
                its_running.open();
                its_gate.pass();
            };
            run_in_executor(&pool, work).await
        });
        tokio::task::yield_now().await;
        running.pass();
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        gate.open();
    });
}

#[test]
fn a_pool_dropped_in_a_guarded_coroutine_does_not_block_either() {
    ends(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let Held { gate, pool } = Held::new();
        let (tell, told) = mpsc::channel();
        drop(pool.submit(move || tell.send(7).unwrap()));
        runtime.block_on(guarded(async move { drop(pool) }));
        gate.open();
        assert_eq!(told.recv_timeout(LONG), Ok(7));
    });
}

#[test]
fn a_pool_dropped_where_no_guard_is_waits_for_its_work() {
    ends(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let has_run = Arc::new(AtomicBool::new(false));
        let its_has_run = Arc::clone(&has_run);
        runtime.block_on(async {
            let pool = ThreadPoolExecutor::new(1).unwrap();
            drop(pool.submit(move || its_has_run.store(true, Ordering::SeqCst)));
        });
        assert!(has_run.load(Ordering::SeqCst));
    });
}

// B36
#[test]
fn close_waits_for_all_accepted_work_while_the_loop_goes_on() {
    on_loop(async || {
        let held = Held::new();
        let has_run = Arc::new(AtomicBool::new(false));
        let its_has_run = Arc::clone(&has_run);
        run_in_executor(&held.pool, move || {
            its_has_run.store(true, Ordering::SeqCst);
        })
        .detach();
        let gate = held.gate.clone();
        let opener = create_task(async move { gate.open() });
        held.pool.clone().close().await;
        assert!(opener.done() && has_run.load(Ordering::SeqCst));
        assert_eq!(held.pool.stats().threads, 0);
    });
}

#[test]
fn a_pool_takes_no_more_work_once_it_is_being_closed() {
    on_loop(async || {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        pool.clone().close().await;
        let late = run_in_executor(&pool, || 7).await;
        assert!(matches!(late, Err(Error::Rejected(Reason::Shutdown))));
    });
}

#[test]
fn a_pool_may_be_closed_twice_at_the_same_time() {
    on_loop(async || {
        let held = Held::new();
        let (mut first, mut second) = (
            pin!(held.pool.clone().close()),
            pin!(held.pool.clone().close()),
        );
        assert!(poll_once(&mut first).is_pending());
        assert!(poll_once(&mut second).is_pending());
        held.gate.open();
        first.await;
        second.await;
    });
}

#[test]
fn a_close_that_is_dropped_still_ends_the_pool() {
    on_loop(async || {
        let held = Held::new();
        let queued = run_in_executor(&held.pool, || 7);
        let mut closing = Box::pin(held.pool.clone().close());
        assert!(poll_once(&mut closing).is_pending());
        drop(closing);
        held.gate.open();
        assert_eq!(queued.await.unwrap(), 7);
        // It waits for the very threads that the dropped one waits for.
        held.pool.clone().close().await;
        assert_eq!(held.pool.stats().threads, 0);
    });
}

#[test]
fn close_needs_no_runtime() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        drop(pool.submit(|| 7));
        futures::executor::block_on(pool.clone().close());
        assert_eq!(pool.stats().threads, 0);
    });
}

#[test]
fn a_close_that_takes_too_long_may_be_awaited_again() {
    on_loop(async || {
        let held = Held::new();
        let mut closing = Box::pin(held.pool.clone().close());
        let brief = Duration::from_millis(10);
        assert!(timeout(brief, &mut closing).await.is_err());
        held.gate.open();
        closing.await;
        assert_eq!(held.pool.stats().threads, 0);
    });
}
