//! Cancelling what waits in the pool's queue, and asking what runs to stop.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use cf_core::{Error, as_completed, checkpoint, fallible, gather};
use cf_pool::ThreadPoolExecutor;

use crate::gate::{Gate, ends};

fn occupied() -> (ThreadPoolExecutor, Gate) {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (gate, running) = (Gate::new(), Gate::new());
    let (its_gate, its_running) = (gate.clone(), running.clone());
    drop(pool.submit(move || {
        its_running.open();
        its_gate.pass();
    }));
    running.pass();
    (pool, gate)
}

// T20
#[test]
fn a_cancelled_task_is_skipped_and_counted() {
    let (pool, gate) = occupied();
    let ran = Arc::new(AtomicUsize::new(0));
    let futures: Vec<_> = (0..100)
        .map(|_| {
            let ran = Arc::clone(&ran);
            pool.submit(move || ran.fetch_add(1, Ordering::SeqCst))
        })
        .collect();
    assert_eq!(
        futures.iter().step_by(2).filter(|it| it.cancel()).count(),
        50
    );
    assert_eq!(pool.stats().queued, 50);
    gate.open();
    pool.shutdown();
    assert_eq!(ran.load(Ordering::SeqCst), 50);
    let stats = pool.stats();
    assert_eq!((stats.cancelled, stats.completed), (50, 51));
}

#[test]
fn a_canceller_ends_a_result_that_blocks() {
    let (pool, gate) = occupied();
    let future = pool.submit(|| 7);
    let canceller = future.canceller();
    let waiter = thread::spawn(move || future.result());
    assert!(canceller.cancel());
    assert!(matches!(waiter.join().unwrap(), Err(Error::Cancelled)));
    gate.open();
}

#[test]
fn cancelling_a_derived_future_cancels_the_queued_task() {
    let (pool, gate) = occupied();
    let ran = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ran);
    let derived = pool
        .submit(move || count.fetch_add(1, Ordering::SeqCst))
        .map(|n| n + 1);
    assert!(derived.cancel());
    gate.open();
    pool.shutdown();
    assert_eq!((ran.load(Ordering::SeqCst), pool.stats().cancelled), (0, 1));
}

#[test]
fn cancelling_a_gathered_future_cancels_all_that_is_queued() {
    let (pool, gate) = occupied();
    let gathered = gather((0..10).map(|n| pool.submit(move || n)));
    assert!(gathered.cancel());
    gate.open();
    pool.shutdown();
    assert_eq!(pool.stats().cancelled, 10);
}

#[test]
fn a_task_that_stops_at_a_checkpoint_counts_as_cancelled() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (gate, running) = (Gate::new(), Gate::new());
    let (its_gate, its_running) = (gate.clone(), running.clone());
    let future = pool.submit(fallible(move || {
        its_running.open();
        its_gate.pass();
        checkpoint()
    }));
    running.pass();
    assert!(future.request_cancel());
    gate.open();
    assert!(matches!(future.result(), Err(Error::Cancelled)));
    pool.shutdown();
    let stats = pool.stats();
    assert_eq!((stats.cancelled, stats.completed, stats.failed), (1, 0, 0));
}

#[test]
fn a_request_does_not_reach_a_task_that_runs_on_top() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (gate, running) = (Gate::new(), Gate::new());
    let (its_gate, its_running, inner) = (gate.clone(), running.clone(), pool.clone());
    let outer = pool.submit(fallible(move || {
        let on_top = inner.submit(fallible(move || {
            its_running.open();
            its_gate.pass();
            checkpoint().map(|()| 7)
        }));
        let value = on_top.result();
        assert!(matches!(value, Ok(7)));
        checkpoint()
    }));
    running.pass();
    assert!(outer.request_cancel());
    gate.open();
    assert!(matches!(outer.result(), Err(Error::Cancelled)));
}

// E28
#[test]
fn cancelling_while_workers_start_tasks_loses_nothing() {
    ends(|| {
        for _ in 0..50 {
            let pool = ThreadPoolExecutor::new(2).unwrap();
            let ran = Arc::new(AtomicUsize::new(0));
            let futures: Vec<_> = (0..500)
                .map(|_| {
                    let ran = Arc::clone(&ran);
                    pool.submit(move || ran.fetch_add(1, Ordering::SeqCst))
                })
                .collect();
            let cancellers: Vec<_> = futures.iter().map(cf_core::Future::canceller).collect();
            let canceller =
                thread::spawn(move || cancellers.iter().filter(|it| it.cancel()).count());
            let n_ran = as_completed(futures).filter(|it| !it.cancelled()).count();
            let n_cancelled = canceller.join().unwrap();
            pool.shutdown();
            assert_eq!(n_ran + n_cancelled, 500);
            assert_eq!(ran.load(Ordering::SeqCst), n_ran);
            let stats = pool.stats();
            assert_eq!(
                (stats.completed, stats.cancelled),
                (n_ran as u64, n_cancelled as u64)
            );
        }
    });
}
