//! What becomes of the other calls when a worker leaves after its share of them, also while the pool ends.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc,
    thread,
};

use cf_compat_tests::kit::{Door, tasks};
use cf_core::{Error, Future};
use cf_pool::{ProcessPoolExecutor, Shutdown};

use super::{fill, forced::WAYS};
use crate::{
    child::{exists, forbid_descriptors, in_child},
    value::pid,
    watch::ends,
};

fn pool(n_workers: usize, n_calls: usize) -> ProcessPoolExecutor {
    let builder = ProcessPoolExecutor::builder().max_workers(n_workers);
    builder.max_tasks_per_child(n_calls).build().unwrap()
}

/// Submits calls that give the process in which they run.
fn pids(pool: &ProcessPoolExecutor, n_calls: usize) -> Vec<Future<u32>> {
    (0..n_calls).map(|_| pool.submit(pid::task())).collect()
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_max_tasks_per_child_pending_tasks_gh115634
// P25
#[test]
fn a_backlog_runs_although_its_workers_leave() {
    ends(|| {
        for (n_workers, n_calls) in [(1, 1), (1, 2), (2, 2), (3, 4)] {
            let pool = pool(n_workers, n_calls);
            let door = Door::new();
            let first = fill(&pool, &door, n_workers.try_into().unwrap());
            let guests = door.guests(n_workers);
            let backlog = pids(&pool, 20);
            drop(guests);
            assert!(first.into_iter().all(|call| call.result().is_ok()));
            let mut n_runs = BTreeMap::<_, usize>::new();
            for call in backlog {
                *n_runs.entry(call.result().unwrap()).or_default() += 1;
            }
            for pid in door.pids() {
                *n_runs.entry(pid).or_default() += 1;
            }
            let may_be = 1..=n_calls;
            assert!(n_runs.values().all(|n| may_be.contains(n)), "{n_runs:?}");
        }
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_shutdown_no_wait_max_tasks_gh119592
// P26
#[test]
fn who_leaves_is_replaced_also_after_shutdown() {
    ends(|| {
        let pool = pool(1, 1);
        let door = Door::new();
        let first = pool.submit(tasks::visit::task(door.address(), 7));
        let guest = door.guest();
        let rest = pids(&pool, 4);
        pool.shutdown_with(Shutdown {
            wait: false,
            cancel_futures: false,
        });
        assert!(!first.done() && !rest.iter().any(Future::done));
        let mut pids = BTreeSet::from([guest.pid]);
        drop(guest);
        assert_eq!(first.result().unwrap(), 7);
        pids.extend(rest.into_iter().map(|call| call.result().unwrap()));
        assert_eq!(pids.len(), 5, "a worker made two calls");
        pool.shutdown();
        assert!(!pids.into_iter().any(exists));
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_gc_during_max_tasks_worker_exit_gh152967
// P26
// Differs: who drops the last handle waits for the work, so whoever leaves meanwhile is replaced and nothing fails.
#[test]
fn who_leaves_is_replaced_also_while_the_pool_is_dropped() {
    ends(|| {
        let pool = pool(1, 1);
        let door = Door::new();
        let first = pool.submit(tasks::visit::task(door.address(), 7));
        let guest = door.guest();
        let rest = pids(&pool, 4);
        let (leave, leaves) = mpsc::channel();
        first.add_done_callback(move |_| leave.send(()).unwrap());
        let dropping = thread::spawn(move || {
            leaves.recv().unwrap();
            drop(pool);
        });
        let mut pids = BTreeSet::from([guest.pid]);
        drop(guest);
        dropping.join().unwrap();
        assert!(first.done() && rest.iter().all(Future::done));
        pids.extend(rest.into_iter().map(|call| call.result().unwrap()));
        assert_eq!(pids.len(), 5, "a worker made two calls");
        assert!(!pids.into_iter().any(exists));
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_failed_worker_replacement_breaks_pool
// P26, P39
// What cannot be had is a process, because no descriptor can.
// Differs: a start that fails is tried again, five times in all, before the pool is broken.
#[test]
fn a_pool_that_cannot_replace_its_last_worker_is_broken() {
    in_child(
        "test_process_pool::replacing::a_pool_that_cannot_replace_its_last_worker_is_broken",
        || {
            let pool = pool(1, 1);
            let door = Door::new();
            let last = pool.submit(tasks::visit::task(door.address(), 7));
            let rest = [1, 2, 3].map(|n| pool.submit(tasks::add::task(n, n)));
            let guest = door.guest();
            forbid_descriptors();
            drop(guest);
            assert_eq!(last.result().unwrap(), 7);
            for call in rest {
                let error = call.result().unwrap_err();
                assert!(matches!(error, Error::BrokenExecutor(_)), "{error:?}");
                assert!(error.to_string().contains("open files"), "{error}");
            }
            let late = pool.submit(tasks::add::task(3, 4)).result();
            assert!(matches!(late, Err(Error::BrokenExecutor(_))), "{late:?}");
            pool.shutdown();
        },
    );
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_force_shutdown_during_max_tasks_worker_exit
// P26, P35
#[test]
fn who_leaves_is_not_replaced_once_the_workers_are_killed() {
    ends(|| {
        for (end, _) in WAYS.into_iter().cycle().take(10) {
            let pool = pool(1, 1);
            let door = Door::new();
            let first = pool.submit(tasks::visit::task(door.address(), 7));
            let guest = door.guest();
            let rest = fill(&pool, &door, 5);
            let its_pool = pool.clone();
            first.add_done_callback(move |_| end(&its_pool));
            drop(guest);
            assert_eq!(first.result().unwrap(), 7);
            // The second worker may have begun before its end was asked for.
            let outcomes = rest.into_iter().map(|call| call.result().unwrap_err());
            let (died, others): (Vec<_>, Vec<_>) =
                outcomes.partition(|error| matches!(error, Error::WorkerDied(_)));
            let are_cancelled = others.iter().all(|error| matches!(error, Error::Cancelled));
            assert!(are_cancelled && died.len() <= 1, "{died:?}, {others:?}");
            pool.shutdown();
            assert_eq!(pool.stats().workers.len(), 0);
            assert!(door.names().len() <= 2, "{:?}", door.names());
            assert!(!door.pids().into_iter().any(exists));
        }
    });
}
