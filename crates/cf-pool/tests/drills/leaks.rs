//! At length: nothing is left of workers and pools that are gone. Each in a process of its own, which counts what it has.

use std::{collections::BTreeMap, fs, thread, time::Duration};

use cf_core::{Error, Future};
use cf_pool::{ProcessPoolExecutor, Shutdown, task};

use crate::{child::in_child, deaths::die, how_many, outcome};

/// What may come and go without being a leak: arenas of the allocator, the stacks of threads.
const SLACK_BYTES: usize = 12 << 20;

/// What this process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Belongings {
    n_descriptors: usize,
    n_threads: usize,
    n_children: usize,
    n_mappings: usize,
}

/// The first number behind each word of this process's status.
fn status() -> BTreeMap<String, usize> {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let lines = text.lines().filter_map(|line| {
        let (name, rest) = line.split_once(':')?;
        let number = rest.split_whitespace().next()?.parse().ok()?;
        Some((name.to_owned(), number))
    });
    lines.collect()
}

fn rss_bytes() -> usize {
    status()["VmRSS"] * 1024
}

/// The children of all threads, with what they do: zombies too.
fn children() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let pids = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
    let pids: Vec<String> = pids
        .flat_map(|pids| {
            pids.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    pids.iter()
        .filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/stat")).ok())
        .collect()
}

/// The shared memory of pools that this process has mapped.
fn n_mappings() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().filter(|line| line.contains("cf-pool")).count()
}

fn belongings() -> Belongings {
    Belongings {
        n_descriptors: fs::read_dir("/proc/self/fd").unwrap().count(),
        n_threads: status()["Threads"],
        n_children: children().len(),
        n_mappings: n_mappings(),
    }
}

/// A thread that was joined is in the list for a moment longer.
fn assert_same_belongings(before: Belongings) {
    for _ in 0..1000 {
        if belongings() == before {
            return;
        }
        // time: the system takes an ended thread off its list when it likes
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(belongings(), before, "children: {:?}", children());
}

#[task]
fn double(n: u64) -> u64 {
    n * 2
}

#[task]
fn take_and_give(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

/// Until it is killed.
#[task]
fn stay() {
    loop {
        thread::park();
    }
}

#[task]
fn die_in(way: usize) {
    die(way);
}

#[test]
fn workers_that_leave_after_a_hundred_calls_leave_nothing_behind() {
    in_child(
        "leaks::workers_that_leave_after_a_hundred_calls_leave_nothing_behind",
        || {
            let n_calls = how_many(4_000, 20_000, 1_000_000);
            // The threads that stay with the process are there by then.
            outcome(ProcessPoolExecutor::new(1).unwrap().submit(double::task(1))).unwrap();
            let before = belongings();
            let pool = ProcessPoolExecutor::builder()
                .max_workers(2)
                .max_tasks_per_child(100)
                .build()
                .unwrap();
            let n_rounds = 20;
            let mut early_bytes = 0;
            for round in 0..n_rounds {
                let futures: Vec<_> = (0..n_calls / n_rounds)
                    .map(|n| pool.submit(double::task(n as u64)))
                    .collect();
                for (n, future) in futures.into_iter().enumerate() {
                    assert_eq!(outcome(future).unwrap(), n as u64 * 2);
                }
                // A worker that left is waited for by the thread that starts the next one.
                let children = children();
                assert!(children.len() <= 2, "{children:?}");
                assert!(n_mappings() <= 2, "{} mappings", n_mappings());
                if round == n_rounds / 5 {
                    early_bytes = rss_bytes();
                }
            }
            let grown = rss_bytes().saturating_sub(early_bytes);
            let stats = pool.stats();
            assert_eq!((stats.completed, stats.failed), (n_calls as u64, 0));
            assert!(stats.restarts + 2 >= n_calls as u64 / 100, "{stats:?}");
            drop(pool);
            println!(
                "100 calls each: {n_calls} calls, {} workers restarted, {} KiB grown, left: {:?}",
                stats.restarts,
                grown >> 10,
                belongings(),
            );
            assert_same_belongings(before);
            assert!(grown < SLACK_BYTES, "{grown} bytes more");
        },
    );
}

#[test]
fn workers_that_die_leave_nothing_behind() {
    in_child("leaks::workers_that_die_leave_nothing_behind", || {
        let n_deaths = how_many(20, 100, 5_000);
        outcome(ProcessPoolExecutor::new(1).unwrap().submit(double::task(1))).unwrap();
        let before = belongings();
        let pool = ProcessPoolExecutor::new(2).unwrap();
        let mut early_bytes = 0;
        for n in 0..n_deaths {
            let calls: Vec<_> = (0..10).map(|n| pool.submit(double::task(n))).collect();
            let died = outcome(pool.submit(die_in::task(n % 5)));
            assert!(matches!(died, Err(Error::WorkerDied(_))), "{died:?}");
            assert!(calls.into_iter().all(|it| outcome(it).is_ok()));
            if n == n_deaths / 5 {
                early_bytes = rss_bytes();
            }
        }
        let grown = rss_bytes().saturating_sub(early_bytes);
        drop(pool);
        println!(
            "deaths: {n_deaths} workers died, {} KiB grown, left: {:?}",
            grown >> 10,
            belongings()
        );
        assert_same_belongings(before);
        assert!(grown < SLACK_BYTES, "{grown} bytes more");
    });
}

/// Makes a pool, gives it work and ends it, each time in another way.
fn pool_life(n: usize) {
    let pool = ProcessPoolExecutor::new(1 + n % 2).unwrap();
    match n % 8 {
        // Never used, or used and idle.
        0 => {}
        1 => assert_eq!(outcome(pool.submit(double::task(4))).unwrap(), 8),
        // With work in it, which is done first.
        2 => {
            let futures: Vec<_> = (0..100).map(|n| pool.submit(double::task(n))).collect();
            drop(pool);
            assert!(futures.iter().all(Future::done));
        }
        // Large work, and nobody who wants the results.
        3 => drop(pool.submit(take_and_give::task(vec![1; 3 << 20]))),
        // With work that never ends by itself.
        4 => {
            let futures: Vec<_> = (0..10).map(|_| pool.submit(stay::task())).collect();
            pool.kill_workers();
            assert!(futures.into_iter().all(|it| outcome(it).is_err()));
        }
        5 => {
            let futures: Vec<_> = (0..10).map(|_| pool.submit(stay::task())).collect();
            while !futures[0].running() {
                thread::yield_now();
            }
            pool.terminate_workers();
            assert!(futures.into_iter().all(|it| outcome(it).is_err()));
        }
        // In the middle of a large transfer.
        6 => {
            let future = pool.submit(take_and_give::task(vec![1; 3 << 20]));
            while !future.running() {
                thread::yield_now();
            }
            pool.kill_workers();
            drop(outcome(future));
        }
        _ => {
            let futures: Vec<_> = (0..50).map(|n| pool.submit(double::task(n))).collect();
            let died = pool.submit(die_in::task(n / 8 % 5));
            pool.shutdown_with(Shutdown {
                wait: false,
                cancel_futures: n % 16 == 7,
            });
            drop(pool);
            assert!(died.done() && futures.iter().all(Future::done));
        }
    }
}

#[test]
fn pools_that_are_gone_leave_nothing_behind() {
    in_child("leaks::pools_that_are_gone_leave_nothing_behind", || {
        let n_pools = how_many(48, 200, 5_000);
        (0..8).for_each(pool_life);
        let before = belongings();
        let mut early_bytes = 0;
        for n in 0..n_pools {
            pool_life(n);
            if n == n_pools / 5 {
                early_bytes = rss_bytes();
            }
        }
        let grown = rss_bytes().saturating_sub(early_bytes);
        println!(
            "pools: {n_pools} made and dropped, {} KiB grown, left: {:?}",
            grown >> 10,
            belongings()
        );
        assert_same_belongings(before);
        assert!(grown < SLACK_BYTES, "{grown} bytes more");
    });
}
