//! What a task costs in memory, counted by the allocator. One process, one thing at a time, so without the test harness.

mod sys;

use std::sync::{Arc, Barrier, mpsc};

use cf_core::Future;
use cf_pool::ThreadPoolExecutor;

/// Where a queue, a table or the number of threads grows once in a while, that is not the task's; one in 200 is no second one each.
const GROWTH_SHARE: usize = 200;

fn main() {
    let tests: [(&str, fn()); 5] = [
        ("a_round_trip_allocates_once", a_round_trip_allocates_once),
        (
            "a_task_submitted_by_a_task_allocates_once",
            a_task_submitted_by_a_task_allocates_once,
        ),
        (
            "a_burst_allocates_once_a_task",
            a_burst_allocates_once_a_task,
        ),
        (
            "a_pending_task_takes_at_most_128_bytes",
            a_pending_task_takes_at_most_128_bytes,
        ),
        (
            "a_flood_leaves_nothing_behind",
            a_flood_leaves_nothing_behind,
        ),
    ];
    // As libtest writes it, so that who reads its lines can read these.
    let n_tests = tests.len();
    println!("running {n_tests} tests");
    for (name, test) in tests {
        test();
        println!("test {name} ... ok");
    }
    println!("test result: ok. {n_tests} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
}

/// Asserts that `f` allocates once for each of `n_tasks` tasks.
fn assert_one_each(n_tasks: usize, f: impl FnOnce()) {
    let before = sys::n_allocations();
    f();
    let n_allocations = sys::n_allocations() - before;
    println!("{n_allocations} allocations for {n_tasks} tasks");
    assert!((n_tasks..=n_tasks + 16 + n_tasks / GROWTH_SHARE).contains(&n_allocations));
}

fn a_round_trip_allocates_once() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let trips = |n_trips: usize| {
        for n in 0..n_trips {
            assert_eq!(pool.submit(move || n).result().unwrap(), n);
        }
    };
    trips(1000);
    assert_one_each(10_000, || trips(10_000));
}

fn a_task_submitted_by_a_task_allocates_once() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let trips = |n_trips: usize| {
        let inner = pool.clone();
        pool.submit(move || {
            for n in 0..n_trips {
                assert_eq!(inner.submit(move || n).result().unwrap(), n);
            }
        })
        .result()
        .unwrap();
    };
    trips(1000);
    assert_one_each(10_001, || trips(10_000));
}

fn a_burst_allocates_once_a_task() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let mut futures = Vec::with_capacity(1000);
    let mut bursts = |n_bursts: usize| {
        for _ in 0..n_bursts {
            futures.extend((0..1000_usize).map(|n| pool.submit(move || n)));
            let sum: usize = futures
                .drain(..)
                .map(|it: Future<usize>| it.result().unwrap())
                .sum();
            assert_eq!(sum, 499_500);
        }
    };
    bursts(50);
    assert_one_each(20_000, || bursts(20));
}

/// A pool of one whose worker waits until it is sent to, or the sender is gone.
fn occupied() -> (ThreadPoolExecutor, mpsc::Sender<()>) {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let running = Arc::new(Barrier::new(2));
    let its_running = Arc::clone(&running);
    let (sender, receiver) = mpsc::channel::<()>();
    drop(pool.submit(move || {
        its_running.wait();
        let _ = receiver.recv();
    }));
    running.wait();
    (pool, sender)
}

fn a_pending_task_takes_at_most_128_bytes() {
    const N_TASKS: usize = 100_000;
    let (pool, gate) = occupied();
    let before = sys::n_live_bytes();
    // The handles are counted with it, for what they take, not for what a vector of them sets aside.
    let mut futures = Vec::with_capacity(N_TASKS);
    futures.extend((0..N_TASKS).map(|n| pool.submit(move || n)));
    let n_bytes = (sys::n_live_bytes() - before) / N_TASKS;
    println!("{n_bytes} bytes a pending task and its future");
    drop(gate);
    for (n, future) in futures.into_iter().enumerate() {
        assert_eq!(future.result().unwrap(), n);
    }
    assert!(n_bytes <= 128);
}

fn a_flood_leaves_nothing_behind() {
    let flood = || {
        let (pool, gate) = occupied();
        let futures: Vec<_> = (0..100_000_usize).map(|n| pool.submit(move || n)).collect();
        drop(gate);
        drop(futures);
        pool.shutdown();
        drop(pool);
    };
    flood();
    let before = sys::n_live_bytes();
    flood();
    let n_left = sys::n_live_bytes().saturating_sub(before);
    println!("{n_left} bytes left behind");
    assert!(n_left < 4096);
}
