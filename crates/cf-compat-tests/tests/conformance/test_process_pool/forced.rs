//! `terminate_workers` and `kill_workers`, whatever the pool does when they come.

use cf_compat_tests::kit::{Door, knock, tasks};
use cf_core::{Error, Reason};
use cf_pool::{OnWorkerDeath, ProcessPoolExecutor, task};
use rustix::process::Signal;

use super::fill;
use crate::{
    child::exists,
    executors::process_pool,
    value::{Does, act, died},
    watch::ends,
};

type End = fn(&ProcessPoolExecutor);

/// The two of them, and the signal that each sends.
pub(super) const WAYS: [(End, Signal); 2] = [
    (ProcessPoolExecutor::terminate_workers, Signal::TERM),
    (ProcessPoolExecutor::kill_workers, Signal::KILL),
];

/// Gives the signal by which the worker of a running call dies.
fn signal_of(end: End) -> Option<i32> {
    let pool = process_pool(1);
    let door = Door::new();
    let call = pool.submit(tasks::visit::task(door.address(), 7));
    let guest = door.guest();
    end(&pool);
    let death = died(call.result());
    assert_eq!(death.pid(), guest.pid);
    death.signal()
}

/// Fails unless the pool takes no more work and has no worker.
fn assert_shut_down(pool: &ProcessPoolExecutor) {
    let late = pool.submit(tasks::add::task(3, 4)).result();
    let is_refused = matches!(late, Err(Error::Rejected(Reason::Shutdown)));
    assert!(is_refused, "{late:?}");
    pool.shutdown();
    assert_eq!(pool.stats().workers.len(), 0);
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_terminate_workers
// P35
#[test]
fn terminate_workers_asks_them_to_end() {
    ends(|| {
        let signal = signal_of(ProcessPoolExecutor::terminate_workers);
        assert_eq!(signal, Some(Signal::TERM.as_raw()));
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_kill_workers
// P35
#[test]
fn kill_workers_does_not_ask() {
    ends(|| {
        let signal = signal_of(ProcessPoolExecutor::kill_workers);
        assert_eq!(signal, Some(Signal::KILL.as_raw()));
    });
}

/// Comes to the door, and once it was let in comes again.
#[task]
fn visit_twice(address: &str) -> u64 {
    knock(address, 1);
    knock(address, 2);
    7
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_force_shutdown_workers
// P35
// Differs: the call that is cut short fails with `WorkerDied`, and those that were queued are cancelled.
#[test]
fn a_call_that_is_cut_short_goes_no_further() {
    ends(|| {
        for (end, signal) in WAYS {
            let pool = process_pool(1);
            let door = Door::new();
            let running = pool.submit(visit_twice::task(door.address()));
            let guest = door.guest();
            let queued = fill(&pool, &door, 5);
            end(&pool);
            assert!(guest.sees_its_end());
            assert_eq!(died(running.result()).signal(), Some(signal.as_raw()));
            for call in queued {
                let outcome = call.result();
                assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
            }
            assert_shut_down(&pool);
            assert_eq!(door.names(), [1]);
            assert!(!door.pids().into_iter().any(exists));
        }
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_force_shutdown_workers_dead_workers
// P35
#[test]
fn a_broken_pool_stays_broken() {
    ends(|| {
        for (end, _) in WAYS {
            let builder = ProcessPoolExecutor::builder().max_workers(1);
            let builder = builder.on_worker_death(OnWorkerDeath::BreakPool);
            let pool = builder.build().unwrap();
            let broken = pool.submit(act::task(Does::Exit)).result();
            assert!(matches!(broken, Err(Error::BrokenExecutor(_))));
            end(&pool);
            let late = pool.submit(tasks::add::task(3, 4)).result();
            assert!(matches!(late, Err(Error::BrokenExecutor(_))), "{late:?}");
            pool.shutdown();
            assert_eq!(pool.stats().workers.len(), 0);
        }
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_force_shutdown_workers_dead_workers
// P35
// Differs: a dead worker does not break its pool, which ends like any other.
#[test]
fn a_pool_whose_worker_has_died_is_shut_down() {
    ends(|| {
        for (end, _) in WAYS {
            let pool = process_pool(1);
            died(pool.submit(act::task(Does::Exit)).result());
            end(&pool);
            assert_shut_down(&pool);
        }
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_force_shutdown_workers_not_started_yet
// P35
#[test]
fn a_pool_that_has_started_no_worker_is_shut_down() {
    ends(|| {
        for (end, _) in WAYS {
            let pool = process_pool(2);
            end(&pool);
            assert_eq!(pool.stats().workers.len(), 0);
            assert_shut_down(&pool);
        }
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_force_shutdown_workers_stops_pool
// P35
// Differs: submit gives a failed future.
#[test]
fn a_pool_without_its_workers_takes_no_more_work() {
    ends(|| {
        for (end, _) in WAYS {
            let pool = process_pool(1);
            let done = pool.submit(tasks::add::task(3, 4));
            done.wait();
            end(&pool);
            assert_shut_down(&pool);
            assert_eq!(done.result().unwrap(), 7);
        }
    });
}
