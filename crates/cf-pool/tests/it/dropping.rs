//! Letting go of a pool, of its handles and of futures.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use cf_pool::ThreadPoolExecutor;

use crate::gate::{Gate, LONG, ends};

// E22, T13
#[test]
fn dropping_the_last_handle_runs_what_is_queued_and_waits_for_it() {
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = ThreadPoolExecutor::new(2).unwrap();
    for _ in 0..1000 {
        let ran = Arc::clone(&ran);
        drop(pool.submit(move || ran.fetch_add(1, Ordering::SeqCst)));
    }
    drop(pool);
    assert_eq!(ran.load(Ordering::SeqCst), 1000);
}

// E22
#[test]
fn a_scope_that_unwinds_runs_what_is_queued_and_goes_on_unwinding() {
    let ran = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ran);
    let outcome = panic::catch_unwind(AssertUnwindSafe(move || {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        for _ in 0..100 {
            let count = Arc::clone(&count);
            drop(pool.submit(move || count.fetch_add(1, Ordering::SeqCst)));
        }
        panic!("in the body");
    }));
    assert_eq!(
        outcome.unwrap_err().downcast_ref::<&str>(),
        Some(&"in the body")
    );
    assert_eq!(ran.load(Ordering::SeqCst), 100);
}

#[test]
fn dropping_a_handle_that_is_not_the_last_does_nothing() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    drop(pool.clone());
    assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
}

// E27, T15
#[test]
fn the_last_handle_may_be_dropped_by_a_worker_which_goes_on() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let gate = Gate::new();
        let (sender, receiver) = mpsc::channel();
        let (its_gate, inner) = (gate.clone(), pool.clone());
        drop(pool.submit(move || {
            its_gate.pass();
            drop(inner);
        }));
        let behind = pool.submit(move || sender.send(7).unwrap());
        drop(pool);
        gate.open();
        assert_eq!(receiver.recv_timeout(LONG).unwrap(), 7);
        assert!(behind.result().is_ok());
    });
}

// E27
#[test]
fn the_last_handle_may_be_dropped_by_a_callback_on_a_worker() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let gate = Gate::new();
        let its_gate = gate.clone();
        let future = pool.submit(move || its_gate.pass());
        let inner = pool.clone();
        future.add_done_callback(move |_| drop(inner));
        drop(pool);
        gate.open();
        assert!(future.result().is_ok());
    });
}

#[test]
fn the_last_handle_may_be_dropped_by_a_worker_of_another_pool() {
    ends(|| {
        let outer = ThreadPoolExecutor::new(1).unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let inner = ThreadPoolExecutor::new(1).unwrap();
        for _ in 0..100 {
            let ran = Arc::clone(&ran);
            drop(inner.submit(move || ran.fetch_add(1, Ordering::SeqCst)));
        }
        outer.submit(move || drop(inner)).result().unwrap();
        assert_eq!(ran.load(Ordering::SeqCst), 100);
    });
}

#[test]
fn a_task_whose_future_was_dropped_still_runs() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (sender, receiver) = mpsc::channel();
    drop(pool.submit(move || sender.send(7).unwrap()));
    assert_eq!(receiver.recv_timeout(LONG).unwrap(), 7);
}

#[test]
fn a_future_outlives_its_pool() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let future = pool.submit(|| vec![7]);
    drop(pool);
    assert_eq!(future.result().unwrap(), [7]);
}

#[test]
fn a_pool_whose_task_owns_a_handle_ends_when_the_task_has_run() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let alive = Arc::new(());
        for _ in 0..10 {
            let (inner, its) = (pool.clone(), Arc::clone(&alive));
            drop(pool.submit(move || drop((inner, its))));
        }
        drop(pool);
        while Arc::strong_count(&alive) > 1 {
            std::thread::yield_now();
        }
    });
}
