//! `map` where it matters which thread does what: when calls are submitted, cancelled, and given up.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use cf_core::{Error, Reason};
use cf_pool::ThreadPoolExecutor;

use crate::gate::{Gate, LONG, OpenAtEnd};

// E04
#[test]
fn start_submits_every_call_without_iteration() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (sender, receiver) = mpsc::channel();
    let started = pool.map(move |n| sender.send(n).unwrap(), 0..100).start();
    let received: Vec<u32> = (0..100)
        .map(|_| receiver.recv_timeout(LONG).unwrap())
        .collect();
    assert_eq!(received, (0..100).collect::<Vec<_>>());
    drop(started);
}

// E04
#[test]
fn the_first_step_submits_every_call() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (sender, receiver) = mpsc::channel();
    let mut results = pool.map(move |n| sender.send(n).unwrap(), 0..100);
    assert!(results.next().unwrap().is_ok());
    let received = (0..100).map(|_| receiver.recv_timeout(LONG).unwrap());
    assert_eq!(received.collect::<Vec<u32>>(), (0..100).collect::<Vec<_>>());
}

// E10
#[test]
fn dropping_a_started_map_cancels_what_has_not_started() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (gate, running) = (Gate::new(), Gate::new());
    let ran = Arc::new(AtomicUsize::new(0));
    let (its_gate, its_running, count) = (gate.clone(), running.clone(), Arc::clone(&ran));
    let call = move |_: u32| {
        count.fetch_add(1, Ordering::SeqCst);
        its_running.open();
        its_gate.pass();
    };
    let results = pool.map(call, 0..100).start();
    running.pass();
    drop(results);
    gate.open();
    pool.shutdown();
    assert_eq!(ran.load(Ordering::SeqCst), 1);
    assert_eq!(pool.stats().cancelled, 99);
}

// E10
#[test]
fn a_map_that_never_began_submits_nothing() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    drop(pool.map(|n: u32| n, 0..100));
    assert_eq!(pool.stats().threads, 0);
}

// E07
#[test]
fn an_error_cancels_nothing() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let results = pool.map(|n: u32| assert_ne!(n, 0), 0..50);
    assert_eq!(results.filter(Result::is_err).count(), 1);
    assert_eq!(pool.stats().completed, 50);
}

// E08
#[test]
fn the_timeout_counts_from_its_call_and_cancels_the_awaited_call() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let gate = OpenAtEnd(Gate::new());
    let its_gate = gate.0.clone();
    drop(pool.submit(move || its_gate.pass()));
    let ran = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ran);
    let mut results = pool
        .map(move |_: u32| count.fetch_add(1, Ordering::SeqCst), 0..3)
        .timeout(Duration::from_millis(5));
    assert!(matches!(results.next(), Some(Err(Error::TimedOut(_)))));
    assert!(results.next().is_none());
    drop(gate);
    pool.shutdown();
    assert_eq!(ran.load(Ordering::SeqCst), 0);
}

// E09
#[test]
fn a_result_that_is_there_comes_after_the_deadline() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let results = pool.map(|n: u32| n, 0..3).start();
    pool.submit(|| ()).wait();
    let mut results = results.timeout(Duration::ZERO);
    for n in 0..3 {
        assert_eq!(results.next().unwrap().unwrap(), n);
    }
    assert!(results.next().is_none());
}

// E11
#[test]
fn a_panic_of_the_input_unwinds_and_cancels_what_was_submitted() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let gate = Gate::new();
    let its_gate = gate.clone();
    drop(pool.submit(move || its_gate.pass()));
    let ran = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ran);
    let input = (0..10).inspect(|n| assert_ne!(*n, 5, "input"));
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        pool.map(move |_: u32| count.fetch_add(1, Ordering::SeqCst), input)
            .start()
    }));
    assert!(outcome.is_err());
    gate.open();
    assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
    assert_eq!(ran.load(Ordering::SeqCst), 0);
}

// E12
#[test]
fn a_map_on_a_pool_that_is_shut_down_gives_one_error_and_ends() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    pool.shutdown();
    let mut results = pool.map(|n: u32| n, 0..10);
    assert!(matches!(
        results.next(),
        Some(Err(Error::Rejected(Reason::Shutdown)))
    ));
    assert!(results.next().is_none());
    assert!(pool.map(|n: u32| n, []).next().is_none());
}

// E14
#[test]
fn a_result_that_was_given_is_not_kept() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let results = pool.map(|n: u32| Arc::new(n), 0..10);
    for result in results {
        assert_eq!(Arc::strong_count(&result.unwrap()), 1);
    }
}

// E15
#[test]
fn with_a_buffer_only_so_many_calls_are_out() {
    let pool = ThreadPoolExecutor::new(4).unwrap();
    let called = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&called);
    let mut results = pool
        .map(
            move |n: usize| {
                count.fetch_add(1, Ordering::SeqCst);
                n
            },
            0..,
        )
        .buffer_size(5);
    for n in 0..50 {
        assert_eq!(results.next().unwrap().unwrap(), n);
        assert!(called.load(Ordering::SeqCst) <= n + 5);
    }
}

// E15
#[test]
fn a_buffer_or_chunk_of_nothing_is_refused_at_the_call() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let refused = |f: fn(&ThreadPoolExecutor)| {
        panic::catch_unwind(|| f(&pool))
            .unwrap_err()
            .downcast_ref::<&str>()
            .map(|it| (*it).to_owned())
    };
    let no_buffer = refused(|pool| drop(pool.map(|n: u32| n, [1]).buffer_size(0)));
    assert_eq!(no_buffer.unwrap(), "buffer_size must be greater than 0");
    let no_chunk = refused(|pool| drop(pool.map(|n: u32| n, [1]).chunk_size(0)));
    assert_eq!(no_chunk.unwrap(), "chunk_size must be greater than 0");
}

// E16
#[test]
fn a_shutdown_meanwhile_lets_the_buffered_results_come_and_then_one_error() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let mut results = pool.map(|n: u32| n, 0..).buffer_size(3);
    assert_eq!(results.next().unwrap().unwrap(), 0);
    pool.shutdown();
    assert_eq!(results.next().unwrap().unwrap(), 1);
    assert_eq!(results.next().unwrap().unwrap(), 2);
    assert!(matches!(
        results.next(),
        Some(Err(Error::Rejected(Reason::Shutdown)))
    ));
    assert!(results.next().is_none());
}

#[test]
fn a_task_may_map_on_its_own_pool_of_one() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let inner = pool.clone();
    let sum = pool.submit(move || {
        inner
            .map(|n: u32| n, 0..100)
            .map(Result::unwrap)
            .sum::<u32>()
    });
    assert_eq!(sum.result().unwrap(), 4950);
}
