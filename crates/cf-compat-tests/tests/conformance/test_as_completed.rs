//! `test_as_completed.py`: futures in the order in which they end.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use cf_compat_tests::kit::{Door, tasks};
use cf_core::{ClosureExecutor, Promise, as_completed, as_completed_timeout};

use crate::{executors::process_pool, watch::ends};

rules! {
    // CPython: test_as_completed.py AsCompletedTests.test_no_timeout
    // A01, A02, A11
    fn each_comes_once_when_it_has_ended: threads, processes, rayon, inline, bounded;
    // A01
    fn they_come_in_the_order_of_their_ends: threads, processes, rayon, bounded;
    // CPython: test_as_completed.py AsCompletedTests.test_future_times_out
    // A04, A05, A07
    fn it_times_out_with_a_count: threads, processes, rayon, bounded;
    // CPython: test_as_completed.py AsCompletedTests.test_duplicate_futures
    // A03
    fn a_future_given_twice_comes_once: threads, processes, rayon, inline, bounded;
}

closures! {
    it_keeps_no_reference_to_a_future_it_has_yielded,
}

// CPython: test_as_completed.py AsCompletedTests.test_free_reference_yielded_future
// A09
// A value that is dropped with its future stands for the future, of which there is one handle only.
fn it_keeps_no_reference_to_a_future_it_has_yielded<E: ClosureExecutor>(executor: &E) {
    let values: Vec<_> = (0..10).map(Arc::new).collect();
    let traces: Vec<Weak<u32>> = values.iter().map(Arc::downgrade).collect();
    let futures: Vec<_> = values
        .into_iter()
        .map(|value| executor.spawn(move || value))
        .collect();
    let n_living = || traces.iter().filter(|it| it.strong_count() > 0).count();
    let mut n_left = 10;
    for future in as_completed(futures) {
        assert!(
            n_living() >= n_left,
            "one was dropped before it was yielded"
        );
        // Unread, it would be dropped by its worker, in its own time.
        drop(future.result().unwrap());
        n_left -= 1;
        assert!(n_living() <= n_left, "a yielded one is still held");
    }
    assert_eq!(n_left, 0);
}

// CPython: test_as_completed.py AsCompletedTests.test_correct_timeout_exception_msg
// A04, A05
#[test]
fn the_message_counts_what_has_not_ended() {
    let (_one, one) = Promise::<u64>::new();
    let (_other, other) = Promise::<u64>::new();
    assert!(other.cancel());
    let (third, ended) = Promise::new();
    third.set_result(7).unwrap();
    let (fourth, running) = Promise::new();
    assert!(fourth.set_running_or_notify_cancel());
    let mut in_order = as_completed_timeout([&one, &other, &ended, &running], Duration::ZERO);
    assert_eq!(in_order.by_ref().filter(Result::is_ok).count(), 2);
    let mut again = as_completed_timeout([&one, &other, &ended, &running], Duration::ZERO);
    let error = again.find_map(Result::err).unwrap();
    assert_eq!(error.to_string(), "2 (of 4) futures unfinished");
}

// W02: what is waited for may come from anywhere, also from several executors.
#[test]
fn futures_of_several_executors_come_together() {
    ends(|| {
        let (processes, threads) = (process_pool(1), crate::executors::thread_pool(1));
        let door = Door::new();
        let slow = processes.submit(tasks::visit::task(door.address(), 7));
        let guest = door.guest();
        let fast = threads.submit(tasks::add::task(3, 5));
        let mut in_order = as_completed([slow, fast]);
        assert_eq!(in_order.next().unwrap().result().unwrap(), 8);
        drop(guest);
        assert_eq!(in_order.next().unwrap().result().unwrap(), 7);
        assert!(in_order.next().is_none());
    });
}
