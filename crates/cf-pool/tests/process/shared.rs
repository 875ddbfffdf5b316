//! Pools beside pools, in pools, in a `static`, and in many hands.

use std::{
    collections::BTreeSet,
    sync::{Arc, Barrier, OnceLock},
    thread,
};

use cf_core::{Error, Reason};
use cf_pool::{ProcessPoolExecutor, ThreadPoolExecutor, task};

use crate::{
    child::{finish, in_child, is_child, spawn},
    door::{Door, knock, visit},
    gate::ends,
    value::{double, pid},
};

#[task]
fn sum_in_a_pool_of_its_own(n: u32) -> Result<(u32, u32), Error> {
    let pool = ProcessPoolExecutor::new(2).map_err(|error| Error::from_box(Box::new(error)))?;
    let sum = pool.map(double::task, 0..n).sum::<Result<u32, _>>()?;
    Ok((sum, pool.submit(pid::task()).result()?))
}

// P37: a task has no handle of its own pool, but it may make one.
#[test]
fn a_worker_may_have_a_pool_of_its_own() {
    ends(|| {
        let pool = ProcessPoolExecutor::new(2).unwrap();
        let calls = [10, 20].map(|n| pool.submit(sum_in_a_pool_of_its_own::task(n)));
        let [(first, one), (second, other)] = calls.map(|call| call.result().unwrap());
        assert_eq!((first, second), (90, 380));
        assert_ne!(one, other);
        let workers = pool.stats().workers;
        assert!(
            workers
                .iter()
                .all(|worker| worker.pid != one && worker.pid != other)
        );
    });
}

#[task]
fn wait_in_a_pool_of_its_own(address: &str) -> Result<u32, Error> {
    let pool = ProcessPoolExecutor::new(1).map_err(|error| Error::from_box(Box::new(error)))?;
    pool.submit(visit::task(address, 7)).result()
}

#[test]
fn a_worker_of_a_worker_ends_with_it() {
    ends(|| {
        let pool = ProcessPoolExecutor::new(1).unwrap();
        let door = Door::new();
        let outer = pool.submit(wait_in_a_pool_of_its_own::task(door.address()));
        let inner = door.guest();
        pool.kill_workers();
        assert!(matches!(outer.result(), Err(Error::WorkerDied(_))));
        inner.wait_for_its_end();
    });
}

#[test]
fn two_pools_know_nothing_of_each_other() {
    ends(|| {
        let pools = [(); 2].map(|()| ProcessPoolExecutor::new(1).unwrap());
        let door = Door::new();
        let calls = pools
            .each_ref()
            .map(|pool| pool.submit(visit::task(door.address(), 1)));
        let guests = door.guests(2);
        let [one, other] = pools;
        one.kill_workers();
        one.shutdown();
        drop(guests);
        let [killed, goes_on] = calls;
        assert!(matches!(killed.result(), Err(Error::WorkerDied(_))));
        assert_eq!(goes_on.result().unwrap(), 1);
        assert_eq!(other.submit(double::task(4)).result().unwrap(), 8);
    });
}

#[test]
fn results_of_one_pool_feed_another() {
    ends(|| {
        let pools = [(); 2].map(|()| ProcessPoolExecutor::new(1).unwrap());
        let [one, other] = pools;
        let futures: Vec<_> = (0..20)
            .map(|n| {
                let other = other.clone();
                one.submit(double::task(n))
                    .and_then(move |n| other.submit(double::task(n)))
            })
            .collect();
        for (n, future) in (0..20).zip(futures) {
            assert_eq!(future.result().unwrap(), n * 4);
        }
    });
}

#[test]
fn threads_of_a_pool_may_wait_for_processes() {
    ends(|| {
        let processes = ProcessPoolExecutor::new(2).unwrap();
        let threads = ThreadPoolExecutor::new(2).unwrap();
        let futures: Vec<_> = (0..50)
            .map(|n| {
                let processes = processes.clone();
                threads.submit(move || processes.submit(double::task(n)).result().unwrap())
            })
            .collect();
        for (n, future) in (0..50).zip(futures) {
            assert_eq!(future.result().unwrap(), n * 2);
        }
    });
}

#[test]
fn many_threads_use_one_pool() {
    const N_THREADS: u32 = 16;
    const N_CALLS: u32 = 200;
    ends(|| {
        let pool = ProcessPoolExecutor::new(2).unwrap();
        let start = Arc::new(Barrier::new(N_THREADS as usize));
        let threads: Vec<_> = (0..N_THREADS)
            .map(|thread| {
                let (pool, start) = (pool.clone(), Arc::clone(&start));
                thread::spawn(move || {
                    start.wait();
                    for n in 0..N_CALLS {
                        let n = thread * N_CALLS + n;
                        assert_eq!(pool.submit(double::task(n)).result().unwrap(), n * 2);
                    }
                    let from = thread * N_CALLS;
                    let futures: Vec<_> = (from..from + N_CALLS)
                        .map(|n| pool.submit(double::task(n)))
                        .collect();
                    for (n, future) in (from..).zip(futures) {
                        assert_eq!(future.result().unwrap(), n * 2);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(pool.stats().completed, u64::from(N_THREADS * N_CALLS * 2));
    });
}

static POOL: OnceLock<ProcessPoolExecutor> = OnceLock::new();

fn pool() -> &'static ProcessPoolExecutor {
    POOL.get_or_init(|| ProcessPoolExecutor::new(2).unwrap())
}

// P33: it is never dropped, and what is queued at the end of `main` is lost; no worker is.
#[test]
fn a_pool_in_a_static_works_and_leaves_no_worker() {
    const NAME: &str = "shared::a_pool_in_a_static_works_and_leaves_no_worker";
    const ADDRESS: &str = "CF_POOL_DOOR";
    if is_child() {
        let address = std::env::var(ADDRESS).unwrap();
        let threads = [1, 2, 3]
            .map(|n| thread::spawn(move || pool().submit(double::task(n)).result().unwrap()));
        let doubled = threads.map(|thread| thread.join().unwrap());
        assert_eq!(doubled, [2, 4, 6]);
        drop(pool().submit(visit::task(&address, 1)));
        knock(&address, 99);
        return;
    }
    let door = Door::new();
    let child = spawn(NAME, |command| {
        command.env(ADDRESS, door.address());
    });
    let mut guests = door.guests(2);
    guests.sort_by_key(|guest| guest.name);
    drop(guests.pop());
    finish(child, "");
    for guest in guests {
        guest.wait_for_its_end();
    }
}

#[test]
fn a_pool_is_made_and_ended_many_times() {
    ends(|| {
        let mut pids = BTreeSet::new();
        for n in 0..30 {
            let pool = ProcessPoolExecutor::new(2).unwrap();
            assert_eq!(pool.submit(double::task(n)).result().unwrap(), n * 2);
            pids.insert(pool.submit(pid::task()).result().unwrap());
        }
        assert_eq!(pids.len(), 30);
    });
}

// P39
#[cfg(target_os = "linux")]
#[test]
fn without_a_thread_the_call_is_refused_and_says_why() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    in_child(
        "shared::without_a_thread_the_call_is_refused_and_says_why",
        || {
            let pool = ProcessPoolExecutor::new(1).unwrap();
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
            let n_kib: u64 = size
                .unwrap()
                .trim()
                .trim_end_matches(" kB")
                .parse()
                .unwrap();
            let maximum = getrlimit(Resource::As).maximum;
            // Less than a stack needs.
            let current = Some(n_kib * 1024 + (1 << 20));
            setrlimit(Resource::As, Rlimit { current, maximum }).unwrap();
            let error = pool.submit(double::task(4)).result().unwrap_err();
            assert!(
                matches!(error, Error::Rejected(Reason::NoThread(_))),
                "{error}"
            );
            let unlimited = Rlimit {
                current: maximum,
                maximum,
            };
            setrlimit(Resource::As, unlimited).unwrap();
            assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
        },
    );
}
