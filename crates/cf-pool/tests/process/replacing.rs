//! Workers that leave after so many calls, and what follows them.

use std::collections::BTreeSet;

use cf_core::Error;
use cf_pool::{ProcessPoolExecutor, Shutdown};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    child::in_child,
    door::{Door, visit},
    gate::ends,
    value::{double, pid},
    way::{Way, die, died},
};

fn pool(n_workers: usize, n_calls: usize) -> ProcessPoolExecutor {
    let builder = ProcessPoolExecutor::builder().max_workers(n_workers);
    builder.max_tasks_per_child(n_calls).build().unwrap()
}

// P23
#[test]
fn a_worker_leaves_after_its_calls_and_another_follows() {
    ends(|| {
        for n_calls in [1, 2, 3] {
            let pool = pool(1, n_calls);
            let pids: Vec<_> = (0..3 * n_calls)
                .map(|_| pool.submit(pid::task()).result().unwrap())
                .collect();
            for of_one in pids.chunks(n_calls) {
                assert_eq!(BTreeSet::from_iter(of_one).len(), 1, "{pids:?}");
            }
            assert_eq!(BTreeSet::from_iter(pids).len(), 3);
            assert_eq!(pool.stats().restarts, 2);
        }
    });
}

// P23
#[test]
fn a_life_without_calls_is_an_error_of_build() {
    let builder = ProcessPoolExecutor::builder().max_tasks_per_child(0);
    let error = builder.build().unwrap_err();
    assert!(error.to_string().contains("max_tasks_per_child"), "{error}");
}

#[test]
fn a_chunk_counts_as_one_call() {
    ends(|| {
        let pool = pool(1, 2);
        let pids = pool.map(|_: u32| pid::task(), 0..40).chunk_size(10);
        let pids: Vec<_> = pids.map(Result::unwrap).collect();
        let of_chunks: Vec<_> = pids.chunks(20).map(BTreeSet::from_iter).collect();
        assert!(of_chunks.iter().all(|pids| pids.len() == 1));
        assert!(of_chunks[0].is_disjoint(&of_chunks[1]));
    });
}

// P25: with a backlog, whoever leaves is replaced.
#[test]
fn who_leaves_is_replaced_while_there_is_work() {
    ends(|| {
        for n_workers in [1, 2] {
            for n_calls in [1, 2, 3, 7] {
                let pool = pool(n_workers, n_calls);
                let calls: Vec<_> = (0..30).map(|n| pool.submit(double::task(n))).collect();
                for (n, call) in (0..30).zip(calls) {
                    assert_eq!(call.result().unwrap(), n * 2);
                }
            }
        }
    });
}

// P25: ported from test_max_tasks_per_child_pending_tasks_gh115634 of CPython 3.15, with workers that are all busy first.
#[test]
fn a_backlog_that_was_sent_ahead_is_run_too() {
    ends(|| {
        let pool = pool(1, 2);
        let door = Door::new();
        let first = pool.submit(visit::task(door.address(), 0));
        let guest = door.guest();
        let rest: Vec<_> = (0..10).map(|n| pool.submit(double::task(n))).collect();
        drop(guest);
        first.result().unwrap();
        for (n, call) in (0..10).zip(rest) {
            assert_eq!(call.result().unwrap(), n * 2);
        }
        assert!(pool.stats().restarts >= 5);
    });
}

// P24
#[test]
fn shutdown_right_after_more_calls_than_a_life_runs_them_all() {
    ends(|| {
        for wait in [true, false] {
            let pool = pool(2, 1);
            let calls: Vec<_> = (0..12).map(|_| pool.submit(pid::task())).collect();
            pool.shutdown_with(Shutdown {
                wait,
                cancel_futures: false,
            });
            if wait {
                assert!(calls.iter().all(cf_core::Future::done));
            }
            let pids: BTreeSet<_> = calls.into_iter().map(|it| it.result().unwrap()).collect();
            assert_eq!(pids.len(), 12);
        }
    });
}

#[test]
fn a_death_counts_as_the_end_of_a_life() {
    ends(|| {
        let pool = pool(1, 3);
        for _ in 0..4 {
            let first = pool.submit(pid::task()).result().unwrap();
            assert_eq!(
                died(pool.submit(die::task(Way::Exit)).result()).pid(),
                first
            );
            let pids = [(); 3].map(|()| pool.submit(pid::task()).result().unwrap());
            assert_eq!(BTreeSet::from(pids).len(), 1);
        }
    });
}

/// From here on this process can open nothing and start nothing.
fn forbid_descriptors() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: Some(3),
        maximum,
    };
    setrlimit(Resource::Nofile, limit).unwrap();
}

// P26, P39: where no worker can be had, what waits for one fails.
#[test]
fn without_a_replacement_the_rest_fails() {
    in_child("replacing::without_a_replacement_the_rest_fails", || {
        ends(|| {
            let pool = pool(1, 1);
            let door = Door::new();
            let last = pool.submit(visit::task(door.address(), 7));
            let rest = [1, 2, 3].map(|n| pool.submit(double::task(n)));
            let guest = door.guest();
            forbid_descriptors();
            drop(guest);
            assert_eq!(last.result().unwrap(), 7);
            for call in rest {
                let error = call.result().unwrap_err();
                assert!(matches!(error, Error::BrokenExecutor(_)), "{error:?}");
                assert!(error.to_string().contains("open files"), "{error}");
            }
            pool.shutdown();
        });
    });
}

// P26
#[test]
fn a_forced_end_leaves_nothing_pending() {
    ends(|| {
        for _ in 0..20 {
            let pool = pool(2, 1);
            let calls: Vec<_> = (0..20).map(|n| pool.submit(double::task(n))).collect();
            pool.kill_workers();
            for call in calls {
                match call.result() {
                    Ok(_) | Err(Error::Cancelled | Error::WorkerDied(_)) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
    });
}

// P26
#[test]
fn a_dropped_pool_replaces_as_long_as_there_is_work() {
    ends(|| {
        let pool = pool(2, 1);
        let calls: Vec<_> = (0..10).map(|n| pool.submit(double::task(n))).collect();
        drop(pool);
        for (n, call) in (0..10).zip(calls) {
            assert!(call.done());
            assert_eq!(call.result().unwrap(), n * 2);
        }
    });
}
