//! `test_thread_pool.py`: what only threads do.

use std::{sync::mpsc, thread};

use cf_core::Future;
use cf_pool::ThreadPoolExecutor;

use crate::{
    executors::thread_pool,
    watch::{Gate, Keeper, LONG, ends},
};

rules! {
    // CPython: test_thread_pool.py ThreadPoolExecutorTest.test_map_submits_without_iteration
    // E04
    // Differs: a map that is not iterated submits when it is told to `start`.
    fn it_runs_all_although_nobody_looks: threads, processes, rayon, inline, bounded;
    // CPython: test_thread_pool.py ThreadPoolExecutorTest.test_executor_map_current_future_cancel
    // E08
    fn a_time_out_cancels_what_has_not_started: threads, processes, rayon, bounded;
}

/// Has `n_calls` calls wait at a gate, of which `n_threads` have begun.
fn fill(pool: &ThreadPoolExecutor, n_calls: usize, n_threads: usize) -> (Keeper, Vec<Future<()>>) {
    let (gate, keeper) = Gate::new();
    let (begin, begun) = mpsc::channel();
    let calls = (0..n_calls).map(|_| {
        let (gate, begin) = (gate.clone(), begin.clone());
        pool.submit(move || {
            let _ = begin.send(());
            gate.pass();
        })
    });
    let calls = calls.collect();
    for _ in 0..n_threads {
        begun.recv_timeout(LONG).unwrap();
    }
    assert!(begun.try_recv().is_err());
    (keeper, calls)
}

/// Fails unless so many blocked calls have so many threads, before and after.
fn assert_threads(pool: &ThreadPoolExecutor, n_calls: usize, n_threads: usize) {
    let (keeper, calls) = fill(pool, n_calls, n_threads);
    assert_eq!(pool.stats().threads, n_threads);
    drop(keeper);
    assert!(calls.into_iter().all(|call| call.result().is_ok()));
    assert_eq!(pool.stats().threads, n_threads);
}

// CPython: test_thread_pool.py ThreadPoolExecutorTest.test_default_workers
// T01
#[test]
fn there_are_four_more_threads_than_processors_and_at_most_32() {
    ends(|| {
        let n_cpus = thread::available_parallelism().unwrap().get();
        let pool = ThreadPoolExecutor::builder().build().unwrap();
        assert_threads(&pool, 40, (n_cpus + 4).min(32));
    });
}

// CPython: test_thread_pool.py ThreadPoolExecutorTest.test_saturation
// T02
#[test]
fn many_blocked_calls_have_the_maximum_of_threads_and_no_more() {
    ends(|| assert_threads(&thread_pool(4), 15 * 4, 4));
}

// CPython: test_thread_pool.py ThreadPoolExecutorTest.test_idle_thread_reuse
// T03
#[test]
fn calls_one_after_the_other_use_one_thread() {
    ends(|| {
        let pool = thread_pool(4);
        let here = || thread::current().id();
        let first = pool.submit(here).result().unwrap();
        for _ in 0..20 {
            assert_eq!(pool.submit(here).result().unwrap(), first);
        }
        assert_eq!(pool.stats().threads, 1);
    });
}
