//! `test_process_pool.py`: what only processes do.

mod forced;
mod replacing;

use std::{collections::BTreeSet, error::Error as _, fmt};

use cf_compat_tests::kit::{
    Door,
    tasks::{self, LastWords},
};
use cf_core::{Error, Future};
use cf_pool::{OnWorkerDeath, ProcessPoolExecutor, RemoteError, task};
use rustix::process::Signal;

use crate::{
    child::{forbid_descriptors, in_child, signal},
    executors::process_pool,
    value::{died, pid},
    watch::{LONG, ends},
};

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_max_workers_too_large
// P03
// Differs: no system limits the number of workers; they are started on demand.
#[test]
fn there_may_be_more_than_61_workers() {
    ends(|| {
        let pool = process_pool(62);
        assert_eq!(pool.submit(tasks::add::task(3, 4)).result().unwrap(), 7);
        assert_eq!(pool.stats().workers.len(), 1);
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_killed_child
// P14, P15
// Differs: only the call that the worker ran fails; the pool starts another worker and goes on.
#[test]
fn a_killed_worker_fails_its_call_alone() {
    ends(|| {
        let pool = process_pool(1);
        let door = Door::new();
        let visit = pool.submit(tasks::visit::task(door.address(), 7));
        let guest = door.guest();
        let behind = pool.submit(tasks::add::task(3, 4));
        signal(guest.pid, Signal::KILL);
        let death = died(visit.result());
        assert_eq!((death.pid(), death.signal()), (guest.pid, Some(9)));
        let text = format!("worker process {} was killed by signal 9", guest.pid);
        assert!(death.to_string().starts_with(&text), "{death}");
        assert_eq!(behind.result().unwrap(), 7);
        assert_ne!(pool.submit(pid::task()).result().unwrap(), guest.pid);
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_killed_child
// P14, P15, P17
#[test]
fn a_killed_worker_breaks_a_pool_that_is_to_break() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().max_workers(2);
        let builder = builder.on_worker_death(OnWorkerDeath::BreakPool);
        let pool = builder.build().unwrap();
        let door = Door::new();
        let finished = pool.submit(tasks::add::task(3, 4));
        finished.wait();
        let visits = [0, 1].map(|n| pool.submit(tasks::visit::task(door.address(), n)));
        let mut guests = door.guests(2);
        let queued = pool.submit(tasks::add::task(3, 4));
        signal(guests.remove(0).pid, Signal::KILL);
        for future in visits.into_iter().chain([queued]) {
            let error = future.result().unwrap_err();
            let is_told = matches!(error, Error::WorkerDied(_) | Error::BrokenExecutor(_));
            assert!(is_told, "{error:?}");
        }
        let late = pool.submit(tasks::add::task(3, 4)).result();
        assert!(matches!(late, Err(Error::BrokenExecutor(_))), "{late:?}");
        assert_eq!(finished.result().unwrap(), 7);
        assert!(guests.remove(0).sees_its_end(), "the other worker goes on");
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_map_chunksize
// P30
// Differs: a negative size does not compile; 0 panics at the call.
#[test]
fn the_size_of_chunks_does_not_change_the_results() {
    ends(|| {
        let pool = process_pool(2);
        let expected: Vec<_> = (0..40).map(|n| n + n).collect();
        for chunk_size in [6, 50, 40] {
            let sums = pool.map(|n| tasks::add::task(n, n), 0..40);
            let sums: Result<Vec<_>, _> = sums.chunk_size(chunk_size).collect();
            assert_eq!(sums.unwrap(), expected);
        }
        let zero = std::panic::catch_unwind(|| {
            drop(
                process_pool(1)
                    .map(|n| tasks::add::task(n, n), 0..40)
                    .chunk_size(0),
            );
        });
        assert!(zero.is_err());
    });
}

#[derive(Debug)]
struct Jammed(std::num::ParseIntError);

impl fmt::Display for Jammed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the printer is jammed")
    }
}

impl std::error::Error for Jammed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[task]
fn print(text: &str) -> Result<u64, Jammed> {
    text.parse().map_err(Jammed)
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_traceback
// P12
// Differs: an error comes back as its texts, with its type and its causes; a panic with the place where it was.
#[test]
fn a_failure_tells_where_it_comes_from() {
    ends(|| {
        let pool = process_pool(1);
        let worker = pool.submit(pid::task()).result().unwrap();
        let error = pool.submit(print::task("x")).result().unwrap_err();
        assert_eq!(error.to_string(), "the printer is jammed");
        let cause = error.source().unwrap();
        assert_eq!(cause.to_string(), "invalid digit found in string");
        let remote: &RemoteError = error.downcast_ref().unwrap();
        assert!(remote.type_name().ends_with("Jammed"));
        assert_eq!(remote.pid(), worker);
        let Err(Error::Panicked(panic)) = pool.submit(tasks::fall::task("grace")).result() else {
            panic!("not a panic")
        };
        assert_eq!(panic.message(), "fell from grace");
        let file = panic.location().unwrap().file();
        assert!(file.ends_with("tasks.rs"), "{file}");
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_ressources_gced_in_workers
// P36
// Differs: the function owns its arguments, so that a worker cannot keep them; what could be kept is what was sent.
#[test]
fn neither_a_worker_nor_who_sent_them_keeps_the_arguments_of_a_call() {
    ends(|| {
        let pool = process_pool(1);
        let door = Door::new();
        door.open();
        let worker = pool.submit(pid::task()).result().unwrap();
        let future = pool.submit(tasks::take::task(LastWords::at(door.address(), 7)));
        future.wait();
        assert!(door.has_seen(2, LONG));
        let pids: BTreeSet<_> = door.pids().into_iter().collect();
        assert_eq!(pids, BTreeSet::from([worker, std::process::id()]));
        assert_eq!(future.result().unwrap(), 7);
    });
}

/// Brings so many calls to the door, of which the pool has begun as many as it can.
fn fill(pool: &ProcessPoolExecutor, door: &Door, n_calls: u64) -> Vec<Future<u64>> {
    let calls = (0..n_calls).map(|n| pool.submit(tasks::visit::task(door.address(), n)));
    calls.collect()
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_saturation
// P01
#[test]
fn many_blocked_calls_have_the_maximum_of_processes_and_no_more() {
    ends(|| {
        let pool = process_pool(4);
        let door = Door::new();
        let calls = fill(&pool, &door, 15 * 4);
        let guests = door.guests(4);
        assert_eq!(pool.stats().workers.len(), 4);
        door.open();
        drop(guests);
        assert!(calls.into_iter().all(|call| call.result().is_ok()));
        assert_eq!(door.pids().into_iter().collect::<BTreeSet<_>>().len(), 4);
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_idle_process_reuse_one
// P02
#[test]
fn calls_one_after_the_other_use_one_process() {
    ends(|| {
        let pool = process_pool(4);
        let first = pool.submit(pid::task()).result().unwrap();
        for _ in 0..3 {
            assert_eq!(pool.submit(pid::task()).result().unwrap(), first);
        }
        assert_eq!(pool.stats().workers.len(), 1);
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_idle_process_reuse_multiple
// P02
#[test]
fn calls_use_no_more_processes_than_are_needed_at_once() {
    ends(|| {
        let pool = process_pool(5);
        let door = Door::new();
        pool.submit(pid::task()).result().unwrap();
        for n_calls in [2, 3, 1, 3] {
            let calls = fill(&pool, &door, n_calls);
            drop(door.guests(calls.len()));
            assert!(calls.into_iter().all(|call| call.result().is_ok()));
        }
        assert_eq!(pool.stats().workers.len(), 3);
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_max_tasks_per_child
// P23
// There is one way to start a worker, and it allows this.
#[test]
fn a_worker_is_replaced_after_its_calls() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        let pool = builder.max_tasks_per_child(3).build().unwrap();
        let pids = [(); 7].map(|()| pool.submit(pid::task()).result().unwrap());
        for of_one in pids.chunks(3) {
            assert_eq!(BTreeSet::from_iter(of_one).len(), 1, "{pids:?}");
        }
        assert_eq!(BTreeSet::from(pids).len(), 3, "{pids:?}");
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_max_tasks_per_child_defaults_to_spawn_context
// P23
// There is one way to start a worker, so nothing is chosen.
#[test]
fn a_limit_of_calls_needs_no_other_setting() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().max_tasks_per_child(3);
        let pool = builder.build().unwrap();
        assert_eq!(pool.submit(tasks::add::task(3, 4)).result().unwrap(), 7);
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_max_tasks_early_shutdown
// P24
#[test]
fn calls_beyond_the_lives_of_the_workers_run_although_the_pool_is_shut_down() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().max_workers(3);
        let pool = builder.max_tasks_per_child(1).build().unwrap();
        let calls: Vec<_> = (0..6).map(|_| pool.submit(pid::task())).collect();
        pool.shutdown();
        assert!(calls.iter().all(Future::done));
        let pids = calls.into_iter().map(|call| call.result().unwrap());
        assert_eq!(pids.collect::<BTreeSet<_>>().len(), 6);
    });
}

// CPython: test_process_pool.py ProcessPoolExecutorTest.test_python_finalization_error
// P39
// What cannot be had is a process, because no descriptor can.
#[test]
fn without_a_worker_the_calls_fail_and_say_why() {
    in_child(
        "test_process_pool::without_a_worker_the_calls_fail_and_say_why",
        || {
            let pool = process_pool(2);
            forbid_descriptors();
            let calls = [1, 2, 3].map(|n| pool.submit(tasks::add::task(n, n)));
            for call in calls {
                let error = call.result().unwrap_err();
                assert!(matches!(error, Error::BrokenExecutor(_)), "{error:?}");
                assert!(error.to_string().contains("open files"), "{error}");
            }
            pool.shutdown();
        },
    );
}
