//! Who gets which call when: processes on demand, order, what is sent ahead.

use std::{collections::BTreeSet, thread, time::Instant};

use cf_core::{Error, Future, ReturnWhen, wait};
use cf_pool::ProcessPoolExecutor;

use crate::{
    door::{Door, Guest, visit},
    gate::{LONG, ends},
    pair::wait_until_idle,
    value::{double, pid},
    way::signal,
};

fn pool(n_workers: usize) -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(n_workers).unwrap()
}

/// Teaches a worker that calls are short, so that it is sent several of them.
fn teach(pool: &ProcessPoolExecutor) {
    for n in 0..200 {
        assert_eq!(pool.submit(double::task(n)).result().unwrap(), n * 2);
    }
}

/// Brings the one worker of the pool to the door, and has it so that at least `n_ahead` further calls are sent ahead to it.
/// On a machine under load, calls seem long now and then.
pub(crate) fn be_sent_ahead(
    pool: &ProcessPoolExecutor,
    door: &Door,
    n_ahead: u32,
) -> (Future<u32>, Guest) {
    loop {
        teach(pool);
        let call = pool.submit(visit::task(door.address(), 0));
        let guest = door.guest();
        let probes: Vec<_> = (0..n_ahead).map(|n| pool.submit(double::task(n))).collect();
        let all_are = probes.iter().all(Future::running);
        for probe in &probes {
            probe.request_cancel();
        }
        // They make room for others.
        wait(&probes, ReturnWhen::AllCompleted);
        if all_are {
            return (call, guest);
        }
        drop(guest);
        call.result().unwrap();
    }
}

// P01: there is no process before there is work, and one more for each call that finds nobody idle.
#[test]
fn processes_start_on_demand() {
    ends(|| {
        let pool = pool(3);
        let door = Door::new();
        assert_eq!(pool.stats().workers.len(), 0);
        let mut guests = Vec::new();
        for n in 1..=3 {
            drop(pool.submit(visit::task(door.address(), 0)));
            guests.push(door.guest());
            assert_eq!(pool.stats().workers.len(), n);
        }
        drop(pool.submit(visit::task(door.address(), 0)));
        assert_eq!(pool.stats().workers.len(), 3);
        let pids: BTreeSet<_> = guests.iter().map(|guest| guest.pid).collect();
        let told = pool.stats().workers.into_iter().map(|worker| worker.pid);
        assert_eq!(pids, told.collect());
        assert_eq!(pool.stats().queued, 1);
    });
}

// P02
#[test]
fn one_idle_process_is_used_again() {
    ends(|| {
        let pool = pool(4);
        let first = pool.submit(pid::task()).result().unwrap();
        for _ in 0..20 {
            wait_until_idle(&pool, 1);
            assert_eq!(pool.submit(pid::task()).result().unwrap(), first);
        }
        assert_eq!(pool.stats().workers.len(), 1);
    });
}

// P02
#[test]
fn several_idle_processes_are_used_again() {
    ends(|| {
        let pool = pool(4);
        let door = Door::new();
        let mut visitors = Vec::new();
        for round in 0..5 {
            let calls = [0, 1].map(|n| pool.submit(visit::task(door.address(), n)));
            let guests = door.guests(2);
            visitors.extend(guests.iter().map(|guest| guest.pid));
            drop(guests);
            for call in calls {
                call.result().unwrap();
            }
            wait_until_idle(&pool, 2);
            assert_eq!(pool.stats().workers.len(), 2, "round {round}");
        }
        assert_eq!(visitors.into_iter().collect::<BTreeSet<_>>().len(), 2);
    });
}

// P03
#[test]
fn there_are_as_many_workers_as_processors_by_default() {
    ends(|| {
        let pool = ProcessPoolExecutor::builder().build().unwrap();
        let door = Door::new();
        let n = thread::available_parallelism().unwrap().get();
        for _ in 0..=n {
            drop(pool.submit(visit::task(door.address(), 0)));
        }
        let guests = door.guests(n);
        assert_eq!(pool.stats().workers.len(), n);
        assert_eq!(pool.stats().queued, 1);
        drop(guests);
        // No limit of 61 or the like.
        assert!(ProcessPoolExecutor::new(1000).is_ok());
        let error = ProcessPoolExecutor::new(0).unwrap_err();
        assert!(error.to_string().contains("max_workers"), "{error}");
    });
}

#[test]
fn calls_start_in_the_order_of_their_submission() {
    ends(|| {
        let pool = pool(1);
        let door = Door::new();
        let calls: Vec<_> = (0..10)
            .map(|n| pool.submit(visit::task(door.address(), n)))
            .collect();
        for n in 0..10 {
            assert_eq!(door.guest().name, n);
        }
        for (n, call) in (0..10).zip(calls) {
            assert_eq!(call.result().unwrap(), n);
        }
    });
}

// P05: how many are sent ahead is not told; those that were not are cancelled, the others come.
#[test]
fn what_is_not_sent_yet_can_be_cancelled_and_never_runs() {
    ends(|| {
        for learned in [false, true] {
            let pool = pool(1);
            let door = Door::new();
            let (first, guest) = if learned {
                be_sent_ahead(&pool, &door, 1)
            } else {
                let first = pool.submit(visit::task(door.address(), 0));
                (first, door.guest())
            };
            assert!(first.running() && !first.cancel());
            let rest: Vec<_> = (0..400)
                .map(|n| pool.submit(visit::task(door.address(), n)))
                .collect();
            let cancelled: Vec<_> = rest.iter().map(Future::cancel).collect();
            assert!(cancelled.iter().any(|is_cancelled| *is_cancelled));
            // Of a worker that has not shown how long its calls take, nothing is expected.
            assert!(learned || cancelled.iter().all(|is_cancelled| *is_cancelled));
            drop(guest);
            assert_eq!(first.result().unwrap(), 0);
            for (n, (call, is_cancelled)) in (0..400).zip(rest.into_iter().zip(cancelled)) {
                if is_cancelled {
                    assert!(matches!(call.result(), Err(Error::Cancelled)));
                } else {
                    assert_eq!(door.guest().name, n);
                    assert_eq!(call.result().unwrap(), n);
                }
            }
            assert!(door.is_deserted());
        }
    });
}

#[test]
fn what_was_sent_ahead_of_a_long_call_is_run_by_who_is_free() {
    ends(|| {
        let pool = pool(2);
        let door = Door::new();
        let workers = [0, 1].map(|n| pool.submit(visit::task(door.address(), n)));
        drop(door.guests(2));
        for worker in workers {
            worker.result().unwrap();
        }
        teach(&pool);
        let long = pool.submit(visit::task(door.address(), 7));
        let guest = door.guest();
        let short: Vec<_> = (0..100).map(|n| pool.submit(double::task(n))).collect();
        for (n, call) in (0..100).zip(short) {
            assert_eq!(call.result().unwrap(), n * 2);
        }
        assert!(long.running());
        drop(guest);
        long.result().unwrap();
    });
}

#[test]
fn what_was_sent_ahead_survives_the_death_of_the_worker() {
    ends(|| {
        let pool = pool(1);
        let door = Door::new();
        let (long, guest) = be_sent_ahead(&pool, &door, 3);
        let short: Vec<_> = (0..300).map(|n| pool.submit(double::task(n))).collect();
        assert!(short.iter().any(Future::running), "none was sent ahead");
        signal(guest.pid, rustix::process::Signal::KILL);
        assert!(matches!(long.result(), Err(Error::WorkerDied(_))));
        for (n, call) in (0..300).zip(short) {
            assert_eq!(call.result().unwrap(), n * 2);
        }
        assert_eq!(pool.stats().restarts, 1);
    });
}

// P06
#[test]
fn submit_does_not_wait_however_much_is_queued() {
    ends(|| {
        const N_CALLS: u32 = 100_000;
        let pool = pool(1);
        let door = Door::new();
        let first = pool.submit(visit::task(door.address(), 0));
        let guest = door.guest();
        let started = Instant::now();
        let rest: Vec<_> = (0..N_CALLS).map(|n| pool.submit(double::task(n))).collect();
        assert!(started.elapsed() < LONG);
        assert!(!first.done());
        assert_eq!(pool.stats().queued, N_CALLS as usize);
        drop(guest);
        for (n, call) in (0..N_CALLS).zip(rest) {
            assert_eq!(call.result().unwrap(), n * 2);
        }
    });
}
