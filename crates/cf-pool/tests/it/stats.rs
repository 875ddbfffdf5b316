//! What a pool tells about itself.

use std::{thread, time::Duration};

use cf_core::fallible;
use cf_pool::{Stats, ThreadPoolExecutor};

use crate::gate::Gate;

fn numbers(stats: &Stats) -> (usize, usize, usize) {
    (stats.queued, stats.running, stats.threads)
}

#[test]
fn a_new_pool_has_nothing() {
    let stats = ThreadPoolExecutor::new(2).unwrap().stats();
    assert_eq!(numbers(&stats), (0, 0, 0));
    assert_eq!(
        (stats.idle, stats.completed, stats.failed, stats.cancelled),
        (0, 0, 0, 0)
    );
    assert_eq!((stats.queue_wait.count(), stats.run_time.count()), (0, 0));
}

#[test]
fn queued_and_running_tasks_are_counted() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (gate, running) = (Gate::new(), Gate::new());
    let (its_gate, its_running) = (gate.clone(), running.clone());
    drop(pool.submit(move || {
        its_running.open();
        its_gate.pass();
    }));
    running.pass();
    for _ in 0..10 {
        drop(pool.submit(|| ()));
    }
    assert_eq!(numbers(&pool.stats()), (10, 1, 1));
    gate.open();
    pool.submit(|| ()).wait();
    let stats = pool.stats();
    assert_eq!((stats.queued, stats.running, stats.completed), (0, 0, 12));
}

#[test]
fn endings_are_counted_apart_and_survive_the_threads() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    for n in 0..30 {
        drop(pool.submit(fallible(move || {
            if n % 3 == 0 {
                Err("x".parse::<u8>().unwrap_err())
            } else {
                Ok(n)
            }
        })));
    }
    drop(pool.submit(|| panic!("expected")));
    pool.shutdown();
    let stats = pool.stats();
    assert_eq!(
        (stats.completed, stats.failed, stats.cancelled),
        (20, 11, 0)
    );
    assert_eq!(numbers(&stats), (0, 0, 0));
}

#[test]
fn run_by_a_wait_counts_as_run() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let inner = pool.clone();
    pool.submit(move || {
        (0..50)
            .map(|n| inner.submit(move || n).result().unwrap())
            .sum::<u32>()
    })
    .wait();
    pool.shutdown();
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.queued, stats.running), (51, 0, 0));
}

#[test]
fn a_worker_without_work_is_idle() {
    let pool = ThreadPoolExecutor::new(4).unwrap();
    for _ in 0..100 {
        pool.submit(|| ()).wait();
        let stats = pool.stats();
        assert!(stats.idle <= stats.threads, "{stats:?}");
    }
    while pool.stats().idle < 1 {
        thread::yield_now();
    }
    assert_eq!((pool.stats().threads, pool.stats().idle), (1, 1));
}

#[test]
fn durations_are_in_the_histograms() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let first = pool.submit(|| {
        // time: a task that takes this long
        thread::sleep(Duration::from_millis(20));
    });
    let second = pool.submit(|| ());
    first.wait();
    second.wait();
    pool.shutdown();
    let stats = pool.stats();
    assert!(stats.run_time.max() >= Duration::from_millis(20));
    assert!(stats.run_time.quantile(1.0) >= Duration::from_millis(20));
    assert!(stats.queue_wait.max() >= Duration::from_millis(1));
    assert_eq!((stats.run_time.count(), stats.queue_wait.count()), (2, 2));
}

#[test]
fn snapshots_of_a_busy_pool_make_sense() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let futures: Vec<_> = (0..20_000).map(|n| pool.submit(move || n)).collect();
    let mut completed = 0;
    while completed < 20_000 {
        let stats = pool.stats();
        assert!(
            stats.completed >= completed && stats.completed <= 20_000,
            "{stats:?}"
        );
        assert!(
            stats.queued <= 20_000 && stats.running <= 20_000 && stats.threads <= 2,
            "{stats:?}"
        );
        completed = stats.completed;
    }
    drop(futures);
}
