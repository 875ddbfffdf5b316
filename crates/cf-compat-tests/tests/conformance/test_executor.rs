//! `executor.py`: what all executors do with what is submitted and mapped.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Weak},
};

use cf_compat_tests::kit::{Door, tasks};
use cf_core::{ClosureExecutor, Future};
use cf_pool::task;
use serde::{Deserialize, Serialize};

use crate::executors::{Pool, process_pool};

rules! {
    // CPython: executor.py ExecutorTest.test_submit
    // E01
    fn a_call_gives_its_value: threads, processes, rayon, inline, bounded;
    // F13
    fn an_error_is_the_failure_of_its_call_alone: threads, processes, rayon, inline, bounded;
    // T12
    fn a_panic_is_the_failure_of_its_call_alone: threads, processes, rayon, inline, bounded;
    // CPython: executor.py ExecutorTest.test_swallows_falsey_exceptions
    // F30
    // Differs: nothing is falsey; what comes nearest to it is an error of no size and without a text.
    fn an_error_without_a_text_is_a_failure_too: threads, processes, rayon, inline, bounded;
    // E01
    fn each_call_runs_once: threads, processes, rayon, inline, bounded;
    // P19
    fn a_text_comes_through_unchanged: threads, processes, rayon, inline, bounded;
    // E01
    fn try_submit_and_submit_now_run_the_call_too: threads, processes, rayon, inline, bounded;
    // T23
    fn calls_from_many_threads_all_come_back: threads, processes, rayon, inline, bounded;
    // E01
    fn submit_returns_before_the_call_has_run: threads, processes, rayon;
    // T02, P01
    fn calls_run_at_the_same_time: threads, processes, rayon, bounded;
    // T02, P01
    // E03
    fn no_more_calls_run_than_there_are_workers: threads, processes, rayon, bounded, one_thread, one_process;
    // E03
    fn calls_start_in_the_order_of_submission: threads, processes, rayon, bounded, one_thread, one_process;
    // T12, T23
    fn no_call_and_no_worker_is_lost: threads, processes, rayon, inline, bounded;
    // T19
    fn a_call_may_submit: threads, rayon, inline, bounded;
    // T17, T19
    fn a_call_may_wait_for_another: threads, rayon, inline, bounded, one_thread;
    // CPython: executor.py ExecutorTest.test_no_stale_references
    // E29, P36
    // Differs: the function owns its arguments and drops them; an executor can keep only those that were sent elsewhere.
    fn a_call_lets_go_of_its_arguments: threads, processes, rayon, inline, bounded;
    // E29
    fn a_cancelled_call_lets_go_of_its_arguments: threads, processes, rayon, bounded;
    // CPython: executor.py ExecutorTest.test_map
    // E06
    // All executors take a chunk size, and all keep to it.
    fn results_come_in_the_order_of_the_items: threads, processes, rayon, inline, bounded;
    // CPython: executor.py ExecutorTest.test_map_exception
    // E07
    // Differs from 3.13: iteration goes on after an item that failed.
    fn it_goes_on_after_an_error: threads, processes, rayon, inline, bounded;
    // CPython: executor.py ExecutorTest.test_map_timeout
    // E08
    fn it_times_out_once_and_ends: threads, processes, rayon, bounded;
    // E09
    fn a_result_that_is_there_comes_after_the_deadline_too: threads, processes, rayon, bounded, one_thread, one_process;
    // CPython: executor.py ExecutorTest.test_map_buffersize_on_infinite_iterable
    // CPython: executor.py ExecutorTest.test_map_buffersize_on_multiple_infinite_iterables
    // E15
    // Differs from test_map_buffersize_on_multiple_infinite_iterables: the caller zips several inputs.
    fn it_takes_endless_input: threads, processes, rayon, inline, bounded;
    // CPython: executor.py ExecutorTest.test_map_buffersize
    // CPython: executor.py ExecutorTest.test_map_buffersize_on_multiple_iterables
    // CPython: executor.py ExecutorTest.test_map_buffersize_on_empty_iterable
    // E15
    // Differs from test_map_buffersize_on_multiple_iterables: the caller zips several inputs.
    fn a_buffer_of_any_size_gives_all_results: threads, processes, rayon, inline, bounded;
    // CPython: executor.py ExecutorTest.test_map_buffersize_when_buffer_is_full
    // E15
    // Differs: the first input is pulled when iteration begins, or at `start`, not by `map` itself.
    fn a_full_buffer_pulls_no_more_input: threads, processes, rayon, inline, bounded;
    // CPython: executor.py ExecutorTest.test_map_timeout_from_callable
    // E07, X06
    // A call that timed out is one failed item; only the map's own time-out ends the iteration.
    fn a_time_out_of_a_call_does_not_end_the_map: threads, processes, rayon, inline, bounded;
    // CPython: executor.py ExecutorTest.test_map_close
    // E10
    // Differs: a map is closed by dropping it, so nobody can ask it for more.
    fn a_dropped_map_cancels_what_has_not_started: threads, processes, rayon, bounded;
    // CPython: executor.py ExecutorTest.test_shutdown_race_issue12456
    // E28
    // An executor that is no pool has no shutdown; it is dropped.
    fn a_burst_before_the_end_is_run: threads, processes, rayon, inline, bounded;
}

pools! {
    arguments_may_have_any_name,
    shutdown_right_after_a_burst_does_not_block,
    a_pool_without_workers_is_refused,
}

closures! {
    a_call_lets_go_of_what_it_holds_before_its_result_is_there,
    map_keeps_no_reference_to_what_it_has_yielded,
    a_buffer_of_nothing_is_refused,
}

/// Arguments named as keywords and as what an executor might call its own.
#[task]
fn named(r#fn: u64, this: u64, call: u64, executor: u64) -> u64 {
    1000 * r#fn + 100 * this + 10 * call + executor
}

// CPython: executor.py ExecutorTest.test_submit_keyword
// E01, E02
// Differs: arguments are given in their order; to leave out the function does not compile.
fn arguments_may_have_any_name<P: Pool>() {
    let pool = P::make(1);
    let future = pool.run(named::task(1, 2, 3, 4));
    assert_eq!(future.result().unwrap(), 1234);
}

// CPython: executor.py ExecutorTest.test_shutdown_race_issue12456
// E28
fn shutdown_right_after_a_burst_does_not_block<P: Pool>() {
    for _ in 0..10 {
        let pool = P::make(5);
        let calls: Vec<_> = (0..200).map(|n| pool.run(tasks::add::task(n, 1))).collect();
        pool.shutdown();
        for (n, call) in (0..200).zip(calls) {
            assert!(call.done());
            assert_eq!(call.result().unwrap(), n + 1);
        }
    }
}

// CPython: executor.py ExecutorTest.test_max_workers_negative
// E23
// Differs: a negative number does not compile.
fn a_pool_without_workers_is_refused<P: Pool>() {
    assert_eq!(P::refusal(0), "max_workers must be greater than 0");
}

/// With what it panics.
fn refusal<R>(f: impl FnOnce() -> R) -> &'static str {
    let refused = panic::catch_unwind(AssertUnwindSafe(|| drop(f())));
    refused.unwrap_err().downcast_ref::<&str>().unwrap()
}

// CPython: executor.py ExecutorTest.test_map_buffersize_value_validation
// E15
// Differs: a negative size does not compile; 0 panics at the call.
fn a_buffer_of_nothing_is_refused<E: ClosureExecutor + Clone>(executor: &E) {
    let map = ClosureExecutor::map(executor, |n: u64| n, 0..4);
    let why = refusal(|| map.buffer_size(0));
    assert_eq!(why, "buffer_size must be greater than 0");
}

// CPython: executor.py ExecutorTest.test_map_buffersize_value_validation
// E15
// Differs: a negative size does not compile; 0 panics at the call.
#[test]
fn a_buffer_of_nothing_is_refused_over_processes() {
    let map = process_pool(1).map(|n| tasks::add::task(n, n), 0..4);
    let why = refusal(|| map.buffer_size(0));
    assert_eq!(why, "buffer_size must be greater than 0");
}

// CPython: executor.py ExecutorTest.test_no_stale_references
// E29
// Differs: a call is consumed by its end, so that nothing is left that could be kept.
fn a_call_lets_go_of_what_it_holds_before_its_result_is_there<E: ClosureExecutor>(executor: &E) {
    for n in 0..20 {
        let held = Arc::new(n);
        let trace = Arc::downgrade(&held);
        // It only borrows what it holds: whoever has the closure has that too.
        let future = executor.spawn(move || *held + 1);
        future.wait();
        assert!(
            trace.upgrade().is_none(),
            "what call {n} held is still there"
        );
        assert_eq!(future.result().unwrap(), n + 1);
    }
}

// CPython: executor.py ExecutorTest.test_free_reference
// E14
fn map_keeps_no_reference_to_what_it_has_yielded<E: ClosureExecutor + Clone>(executor: &E) {
    let mut n_yielded = 0;
    for value in ClosureExecutor::map(executor, Arc::new, 0..10) {
        let value: Arc<u32> = value.unwrap();
        let trace: Weak<_> = Arc::downgrade(&value);
        assert_eq!(*value, n_yielded);
        drop(value);
        assert!(trace.upgrade().is_none(), "{n_yielded} is still held");
        n_yielded += 1;
    }
    assert_eq!(n_yielded, 10);
}

/// Knocks at a door when it is dropped, with the number that it carries.
#[derive(Debug, Serialize, Deserialize)]
struct Traced(tasks::LastWords);

#[task]
fn trace(address: &str, n: u64) -> Traced {
    Traced(tasks::LastWords::at(address, n))
}

// CPython: executor.py ExecutorTest.test_free_reference
// E14
#[test]
fn map_over_processes_keeps_no_reference_to_what_it_has_yielded() {
    let pool = process_pool(2);
    let door = Door::new();
    door.open();
    let (address, here) = (door.address().to_owned(), std::process::id());
    let mut values = pool.map(move |n| trace::task(&address, n), 0..10);
    for n in 0..10 {
        let value = values.next().unwrap().unwrap();
        let drops_here = || door.pids().into_iter().filter(|pid| *pid == here).count();
        assert_eq!(drops_here(), n, "one was dropped before it was yielded");
        drop(value);
        assert_eq!(drops_here(), n + 1);
    }
    assert!(values.next().is_none());
}

// F38: nobody reads the result, and the call runs all the same.
#[test]
fn a_dropped_future_detaches_its_call() {
    let pool = process_pool(1);
    let door = Door::new();
    drop(pool.submit(tasks::visit::task(door.address(), 7)));
    assert_eq!(door.guest().name, 7);
    let next: Future<u64> = pool.submit(tasks::add::task(3, 4));
    assert_eq!(next.result().unwrap(), 7);
}
