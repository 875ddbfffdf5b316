//! `wait` and `wait_timeout`: when they return, and in which of the two sets each future is.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use cf_core::{
    Canceller, ClosureExecutor, DoneAndNotDone, Error, Future, InlineExecutor, Promise, ReturnWhen,
    SharedFuture, Waitable, fallible, gather, wait, wait_timeout,
};

use crate::{
    gate::{LONG, ends},
    threads::{OnThreads, keep_from_four, promises},
};

const MODES: [ReturnWhen; 3] = [
    ReturnWhen::FirstCompleted,
    ReturnWhen::FirstException,
    ReturnWhen::AllCompleted,
];

fn value() -> Future<u32> {
    InlineExecutor.spawn(|| 7)
}

fn failure() -> Future<u32> {
    InlineExecutor.spawn(fallible(|| Err("no luck")))
}

fn cancelled() -> Future<u32> {
    let (_promise, future) = Promise::new();
    assert!(future.cancel());
    future
}

fn sizes<F>(sets: &DoneAndNotDone<F>) -> (usize, usize) {
    (sets.done.len(), sets.not_done.len())
}

// W01
#[test]
fn it_gives_both_sets_in_input_order_and_never_fails_because_a_future_did() {
    let (_promise, pending) = Promise::<u32>::new();
    let futures = [value(), pending, failure(), cancelled()];
    let DoneAndNotDone { done, not_done } =
        wait_timeout(&futures, Duration::ZERO, ReturnWhen::AllCompleted);
    assert_eq!(done, [&futures[0], &futures[2], &futures[3]]);
    assert_eq!(not_done, [&futures[1]]);
}

// W02
#[test]
fn any_iterable_of_futures_from_any_mixture_of_executors_is_taken() {
    ends(|| {
        let (promise, bare) = Promise::new();
        let futures = [OnThreads.spawn(|| 1), InlineExecutor.spawn(|| 2), bare];
        promise.set_result(3).unwrap();
        let sets = wait(
            futures.into_iter().filter(|_| true),
            ReturnWhen::AllCompleted,
        );
        let values: Vec<u32> = sets
            .done
            .into_iter()
            .map(|it| it.result().unwrap())
            .collect();
        assert_eq!(values, [1, 2, 3]);
    });
}

// W02
#[test]
fn a_set_may_mix_result_types() {
    let number = value();
    let text = InlineExecutor.spawn(|| "text").shared();
    let all = gather([value()]);
    let (_promise, pending) = Promise::<Vec<u8>>::new();
    let sets = wait(
        [&number as &dyn Waitable, &text, &all, &pending],
        ReturnWhen::FirstCompleted,
    );
    assert_eq!(sizes(&sets), (3, 1));
    assert!(sets.not_done[0].cancel() && pending.cancelled());
}

// W02
#[test]
fn boxes_and_arcs_of_futures_are_taken() {
    let (_promise, pending) = Promise::<u8>::new();
    let boxes: Vec<Box<dyn Waitable>> = vec![
        Box::new(value()),
        Box::new(InlineExecutor.spawn(|| "text").shared()),
        Box::new(Arc::new(pending)),
    ];
    assert_eq!(sizes(&wait(boxes, ReturnWhen::FirstCompleted)), (2, 1));
    let arcs: [Arc<dyn Waitable + Send + Sync>; 2] = [Arc::new(value()), Arc::new(failure())];
    assert_eq!(sizes(&wait(arcs.clone(), ReturnWhen::AllCompleted)), (2, 0));
    assert_eq!(Arc::strong_count(&arcs[0]), 1);
}

// W03
#[test]
fn a_future_given_twice_counts_once_at_its_first_place() {
    let (a, b) = (value(), value());
    assert_eq!(
        wait([&a, &b, &a, &a], ReturnWhen::AllCompleted).done,
        [&a, &b]
    );
    let shared = value().shared();
    let clones = [shared.clone(), shared.clone(), shared];
    assert_eq!(wait(clones, ReturnWhen::AllCompleted).done.len(), 1);
    let (_promise, pending) = Promise::<u32>::new();
    let pending = Arc::new(pending);
    let arcs = [Arc::clone(&pending), Arc::clone(&pending)];
    let sets = wait_timeout(arcs, Duration::ZERO, ReturnWhen::AllCompleted);
    assert_eq!(sizes(&sets), (0, 1));
}

// W03
#[test]
fn waiting_for_all_of_a_pending_one_given_twice_ends() {
    ends(|| {
        let (promise, future) = Promise::new();
        let shared = future.shared();
        let keeper = thread::spawn(move || promise.set_result(7).unwrap());
        let sets = wait([&shared, &shared, &shared], ReturnWhen::AllCompleted);
        assert_eq!(sizes(&sets), (1, 0));
        keeper.join().unwrap();
    });
}

// W04
#[test]
fn waiting_for_all_goes_on_after_a_failure_and_a_cancel() {
    ends(|| {
        let (first, a) = Promise::<u32>::new();
        let (second, b) = Promise::<u32>::new();
        let (last, c) = Promise::<u32>::new();
        let canceller = b.canceller();
        let keeper = thread::spawn(move || {
            first.set_exception("no luck").unwrap();
            assert!(canceller.cancel());
            drop(second);
            last.set_result(7).unwrap();
        });
        let sets = wait([a, b, c], ReturnWhen::AllCompleted);
        assert_eq!(sizes(&sets), (3, 0));
        let mut done = sets.done.into_iter();
        assert!(matches!(
            done.next().unwrap().result(),
            Err(Error::Raised(_))
        ));
        assert!(matches!(
            done.next().unwrap().result(),
            Err(Error::Cancelled)
        ));
        assert_eq!(done.next().unwrap().result().unwrap(), 7);
        keeper.join().unwrap();
    });
}

// W05
#[test]
fn waiting_for_the_first_returns_at_once_with_all_that_are_done() {
    let (_promise, pending) = Promise::new();
    let futures = [value(), pending, failure(), cancelled()];
    let sets = wait(&futures, ReturnWhen::FirstCompleted);
    assert_eq!(sizes(&sets), (3, 1));
}

// W05
#[test]
fn waiting_for_the_first_returns_when_one_ends_in_whatever_way() {
    let endings: [fn(Promise<u32>, Canceller); 4] = [
        |promise, _| promise.set_result(7).unwrap(),
        |promise, _| promise.set_exception("no luck").unwrap(),
        |promise, _| drop(promise),
        |_promise, canceller| assert!(canceller.cancel()),
    ];
    for end in endings {
        ends(move || {
            let (promise, ending) = Promise::new();
            let canceller = ending.canceller();
            let (_promise, pending) = Promise::new();
            let futures = [pending, ending];
            thread::scope(|scope| {
                scope.spawn(|| end(promise, canceller));
                let sets = wait(&futures, ReturnWhen::FirstCompleted);
                assert_eq!(sets.done, [&futures[1]]);
                assert_eq!(sets.not_done, [&futures[0]]);
            });
        });
    }
}

// W06
#[test]
fn waiting_for_a_failure_returns_at_the_first() {
    ends(|| {
        let (succeeding, a) = Promise::new();
        let (failing, b) = Promise::<u32>::new();
        let (_promise, c) = Promise::new();
        let futures = [a, b, c];
        thread::scope(|scope| {
            scope.spawn(|| {
                succeeding.set_result(7).unwrap();
                failing.set_exception("no luck").unwrap();
            });
            let sets = wait(&futures, ReturnWhen::FirstException);
            assert_eq!(sets.done, [&futures[0], &futures[1]]);
            assert_eq!(sets.not_done, [&futures[2]]);
        });
    });
}

// W06
#[test]
fn a_panic_and_a_broken_promise_are_failures() {
    for end in [0, 1] {
        ends(move || {
            let (_promise, pending) = Promise::new();
            let (promise, broken) = Promise::new();
            let failing = if end == 0 {
                OnThreads.spawn(|| -> u32 { panic!("no luck") })
            } else {
                thread::spawn(|| drop(promise));
                broken
            };
            let sets = wait([failing, pending], ReturnWhen::FirstException);
            assert_eq!(sizes(&sets), (1, 1));
        });
    }
}

// W06
#[test]
fn without_a_failure_waiting_for_one_is_waiting_for_all() {
    ends(|| {
        let (promises, futures) = promises(3);
        let keeper = thread::spawn(|| {
            for promise in promises {
                promise.set_result(7).unwrap();
            }
        });
        let sets = wait(futures, ReturnWhen::FirstException);
        assert_eq!(sizes(&sets), (3, 0));
        keeper.join().unwrap();
    });
}

// W07
#[test]
fn a_cancelled_one_is_no_failure() {
    let (_promise, pending) = Promise::new();
    let futures = [cancelled(), pending];
    let sets = wait_timeout(&futures, Duration::ZERO, ReturnWhen::FirstException);
    assert_eq!(sizes(&sets), (1, 1));
    ends(|| {
        let (promise, to_cancel) = Promise::<u32>::new();
        let (last, slow) = Promise::new();
        let canceller = to_cancel.canceller();
        let keeper = thread::spawn(move || {
            assert!(canceller.cancel());
            last.set_result(7).unwrap();
        });
        let sets = wait([to_cancel, slow], ReturnWhen::FirstException);
        assert_eq!(sizes(&sets), (2, 0));
        keeper.join().unwrap();
        drop(promise);
    });
}

// W07
#[test]
fn a_cancelled_shared_future_is_no_failure() {
    let (_promise, pending) = Promise::<u32>::new();
    let futures = [cancelled().shared(), pending.shared()];
    // time: it must run out, for a cancelled future is not what is waited for
    let sets = wait_timeout(
        &futures,
        Duration::from_millis(1),
        ReturnWhen::FirstException,
    );
    assert_eq!(sizes(&sets), (1, 1));
}

// W08
#[test]
fn one_that_has_failed_already_ends_the_wait_for_a_failure_at_once() {
    let (_promise, pending) = Promise::new();
    let futures = [value(), pending, failure()];
    let sets = wait(&futures, ReturnWhen::FirstException);
    assert_eq!(sets.done, [&futures[0], &futures[2]]);
}

// W08
#[test]
fn one_that_has_succeeded_already_does_not_end_the_wait_for_a_failure() {
    ends(|| {
        let (promise, failing) = Promise::<u32>::new();
        let keeper = thread::spawn(|| promise.set_exception("no luck").unwrap());
        let sets = wait([value(), failing], ReturnWhen::FirstException);
        assert_eq!(sizes(&sets), (2, 0));
        keeper.join().unwrap();
    });
}

// W09: deviates
#[test]
fn a_cancel_alone_is_seen_by_every_mode() {
    for when in MODES {
        assert_eq!(sizes(&wait([cancelled()], when)), (1, 0));
        ends(move || {
            let (_promise, future) = Promise::<u32>::new();
            let canceller = future.canceller();
            let thread = thread::spawn(move || canceller.cancel());
            assert_eq!(sizes(&wait([future], when)), (1, 0));
            assert!(thread.join().unwrap());
        });
    }
}

// W10
#[test]
fn the_timeout_is_for_the_whole_wait_and_cancels_nothing() {
    let timeout = Duration::from_millis(30);
    for when in MODES {
        let (promises, futures) = promises(20);
        // time: the wait must last as long as it was told, and not that long for each future
        let started = Instant::now();
        let sets = wait_timeout(futures, timeout, when);
        assert!(started.elapsed() >= timeout && started.elapsed() < 20 * timeout + LONG);
        assert_eq!(sizes(&sets), (0, 20));
        assert!(sets.not_done.iter().all(|it| !it.done() && !it.cancelled()));
        for promise in promises {
            promise.set_result(7).unwrap();
        }
        assert!(
            sets.not_done
                .into_iter()
                .all(|it| it.result().unwrap() == 7)
        );
    }
}

// W10
#[test]
fn a_timeout_that_does_not_run_out_changes_nothing() {
    for timeout in [LONG, Duration::MAX] {
        ends(move || {
            let futures = [OnThreads.spawn(|| 1), OnThreads.spawn(|| 2)];
            let sets = wait_timeout(futures, timeout, ReturnWhen::AllCompleted);
            assert_eq!(sizes(&sets), (2, 0));
        });
    }
}

// W11
#[test]
fn a_timeout_of_zero_only_looks() {
    for when in MODES {
        let (_promise, pending) = Promise::new();
        let sets = wait_timeout([pending, value()], Duration::ZERO, when);
        assert_eq!(sizes(&sets), (1, 1));
    }
}

// W12
#[test]
fn of_no_futures_both_sets_are_empty_at_once() {
    for when in MODES {
        assert_eq!(sizes(&wait(Vec::<Future<u32>>::new(), when)), (0, 0));
        let none = Vec::<SharedFuture<u32>>::new();
        assert_eq!(sizes(&wait_timeout(none, LONG, when)), (0, 0));
    }
}

// W14
#[test]
fn one_that_ends_while_the_call_returns_is_in_one_of_the_two_sets() {
    for _ in 0..500 {
        let (promises, futures) = promises(4);
        let (start, threads) = keep_from_four(promises);
        start.wait();
        let sets = wait_timeout(futures, Duration::ZERO, ReturnWhen::AllCompleted);
        assert_eq!(sets.done.len() + sets.not_done.len(), 4);
        assert!(sets.done.iter().all(Future::done));
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(sets.not_done.iter().all(Future::done));
    }
}

// W15
#[test]
fn ends_that_race_with_the_registration_are_neither_lost_nor_counted_twice() {
    for when in MODES {
        ends(move || {
            for _ in 0..100 {
                let (promises, futures) = promises(100);
                let (start, threads) = keep_from_four(promises);
                start.wait();
                let sets = wait(&futures, when);
                assert_eq!(sets.done.len() + sets.not_done.len(), 100);
                match when {
                    ReturnWhen::FirstCompleted => assert!(!sets.done.is_empty()),
                    ReturnWhen::FirstException => {
                        assert!(sets.done.iter().any(|it| it.exception().is_some()));
                    }
                    ReturnWhen::AllCompleted => assert_eq!(sets.done.len(), 100),
                }
                for thread in threads {
                    thread.join().unwrap();
                }
            }
        });
    }
}

// W15
#[test]
fn waits_of_several_threads_for_the_same_futures_in_any_order_all_end() {
    ends(|| {
        for _ in 0..50 {
            let (promises, futures) = promises(100);
            let shared: Vec<_> = futures.into_iter().map(Future::shared).collect();
            let (start, threads) = keep_from_four(promises);
            thread::scope(|scope| {
                let firsts = MODES.map(|when| {
                    scope.spawn({
                        let shared = &shared;
                        move || wait(shared, when).done.len()
                    })
                });
                let forwards = scope.spawn(|| wait(&shared, ReturnWhen::AllCompleted).done.len());
                let backwards = scope.spawn(|| {
                    wait(shared.iter().rev(), ReturnWhen::AllCompleted)
                        .done
                        .len()
                });
                start.wait();
                assert_eq!(forwards.join().unwrap(), 100);
                assert_eq!(backwards.join().unwrap(), 100);
                assert!(firsts.into_iter().all(|it| it.join().unwrap() > 0));
            });
            for thread in threads {
                thread.join().unwrap();
            }
        }
    });
}

// W16
#[test]
fn a_wait_leaves_nothing_behind_in_the_futures() {
    ends(|| {
        let (promise, pending) = Promise::<u32>::new();
        let ended = value();
        // time: each wait looks through what the others left; were it all there still, this would take minutes
        let started = Instant::now();
        for _ in 0..50_000 {
            let sets = wait([&pending, &ended], ReturnWhen::FirstCompleted);
            assert_eq!(sizes(&sets), (1, 1));
            let sets = wait_timeout([&pending], Duration::ZERO, ReturnWhen::AllCompleted);
            assert_eq!(sizes(&sets), (0, 1));
        }
        assert!(started.elapsed() < LONG);
        drop(promise);
    });
}

#[test]
fn a_cancel_that_races_with_the_end_is_seen_once() {
    ends(|| {
        for _ in 0..300 {
            let (promise, future) = Promise::new();
            let canceller = future.canceller();
            let keeper = thread::spawn(move || promise.set_result(7).is_ok());
            let killer = thread::spawn(move || canceller.cancel());
            let sets = wait([future], ReturnWhen::AllCompleted);
            assert_eq!(sizes(&sets), (1, 0));
            let (kept, killed) = (keeper.join().unwrap(), killer.join().unwrap());
            assert!(kept != killed);
            let future = sets.done.into_iter().next().unwrap();
            assert_eq!(future.cancelled(), killed);
            assert_eq!(future.result().is_ok(), kept);
        }
    });
}

#[test]
fn one_that_ends_is_told_apart_from_a_wake_up_for_nothing() {
    ends(|| {
        let (promise, future) = Promise::new();
        let waiter = thread::spawn(|| wait([future], ReturnWhen::AllCompleted).done.len());
        for _ in 0..100 {
            waiter.thread().unpark();
            thread::yield_now();
        }
        promise.set_result(7).unwrap();
        assert_eq!(waiter.join().unwrap(), 1);
    });
}
