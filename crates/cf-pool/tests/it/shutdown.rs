//! Ending a pool on purpose.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use cf_core::{Error, Reason, ReturnWhen, as_completed, wait};
use cf_pool::{Shutdown, ThreadPoolExecutor};

use crate::gate::{Gate, ends};

const ABANDON: Shutdown = Shutdown {
    wait: false,
    cancel_futures: false,
};
const CANCEL: Shutdown = Shutdown {
    wait: true,
    cancel_futures: true,
};
const CANCEL_AND_ABANDON: Shutdown = Shutdown {
    wait: false,
    cancel_futures: true,
};

/// A pool of one whose worker is at the gate.
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

// E17
#[test]
fn shutdown_returns_when_all_is_done_and_can_be_repeated() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let futures: Vec<_> = (0..1000).map(|n| pool.submit(move || n)).collect();
    pool.shutdown();
    assert!(futures.iter().all(|it| it.done() && !it.cancelled()));
    assert_eq!(pool.stats().threads, 0);
    pool.shutdown();
    pool.shutdown_with(ABANDON);
}

// E17
#[test]
fn every_one_of_several_shutdowns_returns_after_the_last_task() {
    let (pool, gate) = occupied();
    let last = pool.submit(|| 7).shared();
    let ready = Arc::new(Barrier::new(4));
    let callers: Vec<_> = (0..3)
        .map(|_| {
            let (pool, last, ready) = (pool.clone(), last.clone(), Arc::clone(&ready));
            thread::spawn(move || {
                ready.wait();
                pool.shutdown();
                last.done()
            })
        })
        .collect();
    ready.wait();
    gate.open();
    assert!(callers.into_iter().all(|it| it.join().unwrap()));
}

// E18
#[test]
fn an_unattended_shutdown_still_runs_what_is_queued() {
    let (pool, gate) = occupied();
    let futures: Vec<_> = (0..100).map(|n| pool.submit(move || n)).collect();
    pool.shutdown_with(ABANDON);
    assert!(!futures[0].done());
    assert!(matches!(
        pool.submit(|| 7).result(),
        Err(Error::Rejected(Reason::Shutdown))
    ));
    gate.open();
    let values: Vec<_> = futures.into_iter().map(|it| it.result().unwrap()).collect();
    assert_eq!(values, (0..100).collect::<Vec<_>>());
}

// E19
#[test]
fn cancelling_shutdown_finishes_what_runs_and_cancels_the_rest() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (gate, running) = (Gate::new(), Gate::new());
    let (its_gate, its_running) = (gate.clone(), running.clone());
    let runs = pool.submit(move || {
        its_running.open();
        its_gate.pass();
        7
    });
    running.pass();
    let queued: Vec<_> = (0..100).map(|n| pool.submit(move || n)).collect();
    pool.shutdown_with(CANCEL_AND_ABANDON);
    assert!(queued.iter().all(cf_core::Future::cancelled));
    assert!(runs.running());
    gate.open();
    pool.shutdown_with(CANCEL);
    assert!(runs.done());
    assert_eq!(runs.result().unwrap(), 7);
    assert_eq!(pool.stats().cancelled, 100);
}

// E20
#[test]
fn what_a_shutdown_cancels_ends_every_wait() {
    let (pool, gate) = occupied();
    let queued: Vec<_> = (0..10).map(|n| pool.submit(move || n)).collect();
    pool.shutdown_with(CANCEL_AND_ABANDON);
    assert_eq!(wait(&queued, ReturnWhen::AllCompleted).done.len(), 10);
    assert_eq!(as_completed(&queued).count(), 10);
    gate.open();
}

// E20
#[test]
fn a_wait_that_had_begun_ends_when_a_shutdown_cancels() {
    let (pool, gate) = occupied();
    let queued: Vec<_> = (0..10).map(|n| pool.submit(move || n)).collect();
    let waiter = thread::spawn(move || wait(queued, ReturnWhen::AllCompleted).done.len());
    pool.shutdown_with(CANCEL_AND_ABANDON);
    assert_eq!(waiter.join().unwrap(), 10);
    gate.open();
}

// E21
#[test]
fn submit_after_shutdown_is_refused_and_gives_the_callable_back() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    pool.shutdown();
    let error = pool.submit(|| 7).result().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot schedule new futures after shutdown"
    );
    let rejected = pool.try_submit(|| 7).unwrap_err();
    assert!(matches!(rejected.reason, Reason::Shutdown));
    assert_eq!((rejected.callable)(), 7);
}

// E27
#[test]
fn shutdown_by_a_task_of_the_pool_does_not_wait_for_itself() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(2).unwrap();
        let inner = pool.clone();
        let by_task = pool.submit(move || inner.shutdown());
        assert!(by_task.result().is_ok());
        assert!(pool.submit(|| 7).result().is_err());
        pool.shutdown();
    });
}

// E27
#[test]
fn shutdown_by_a_callback_on_a_worker_does_not_wait_for_itself() {
    ends(|| {
        let (pool, gate) = occupied();
        let inner = pool.clone();
        let future = pool.submit(|| 7);
        future.add_done_callback(move |_| inner.shutdown());
        let behind = pool.submit(|| 8);
        gate.open();
        assert_eq!(future.result().unwrap(), 7);
        assert_eq!(behind.result().unwrap(), 8);
    });
}

// E28
#[test]
fn a_burst_of_submissions_before_shutdown_is_run() {
    ends(|| {
        for n_workers in [1, 2, 8] {
            for _ in 0..100 {
                let pool = ThreadPoolExecutor::new(n_workers).unwrap();
                let ran = Arc::new(AtomicUsize::new(0));
                for _ in 0..50 {
                    let ran = Arc::clone(&ran);
                    drop(pool.submit(move || ran.fetch_add(1, Ordering::SeqCst)));
                }
                pool.shutdown();
                assert_eq!(ran.load(Ordering::SeqCst), 50);
            }
        }
    });
}

// E28
#[test]
fn a_submission_cancelled_right_before_shutdown_does_not_hang_it() {
    ends(|| {
        for _ in 0..500 {
            let pool = ThreadPoolExecutor::new(1).unwrap();
            let first = pool.submit(|| ());
            let second = pool.submit(|| ());
            second.cancel();
            first.cancel();
            pool.shutdown();
            assert!(first.done() && second.done());
        }
    });
}

// T23
#[test]
fn every_future_of_submissions_that_race_shutdown_ends() {
    ends(|| {
        for round in 0..100 {
            let pool = ThreadPoolExecutor::new(1 + round % 4).unwrap();
            let ready = Arc::new(Barrier::new(5));
            let submitters: Vec<_> = (0..4)
                .map(|_| {
                    let (pool, ready) = (pool.clone(), Arc::clone(&ready));
                    thread::spawn(move || {
                        ready.wait();
                        (0..200).map(|n| pool.submit(move || n)).collect::<Vec<_>>()
                    })
                })
                .collect();
            ready.wait();
            let cancels = round % 2 == 0;
            pool.shutdown_with(Shutdown {
                wait: round % 3 != 0,
                cancel_futures: cancels,
            });
            for submitter in submitters {
                for (n, future) in submitter.join().unwrap().into_iter().enumerate() {
                    match future.result() {
                        Ok(value) => assert_eq!(value, n),
                        Err(Error::Rejected(Reason::Shutdown)) => {}
                        Err(Error::Cancelled) => assert!(cancels),
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        }
    });
}

// T23
#[test]
fn every_future_of_tasks_that_submit_while_shutdown_comes_ends() {
    ends(|| {
        for round in 0..100 {
            let pool = ThreadPoolExecutor::new(2).unwrap();
            let inner = pool.clone();
            let outer = pool.submit(move || {
                (0..200)
                    .map(|n| inner.submit(move || n))
                    .collect::<Vec<_>>()
            });
            pool.shutdown_with(Shutdown {
                wait: round % 2 == 0,
                cancel_futures: round % 4 < 2,
            });
            let Ok(futures) = outer.result() else {
                continue;
            };
            for future in futures {
                assert!(matches!(
                    future.result(),
                    Ok(_) | Err(Error::Cancelled | Error::Rejected(Reason::Shutdown))
                ));
            }
        }
    });
}
