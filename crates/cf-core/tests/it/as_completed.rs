//! `as_completed` and `as_completed_timeout`: each future once, as they end.

use std::{
    collections::HashSet,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use cf_core::{
    ClosureExecutor, Error, Future, InlineExecutor, Promise, SharedFuture, Waitable, as_completed,
    as_completed_timeout, fallible,
};

use crate::{
    gate::{LONG, ends},
    threads::{OnThreads, keep_from_four, promises},
};

fn value(n: u32) -> Future<u32> {
    InlineExecutor.spawn(move || n)
}

// A01
#[test]
fn they_come_in_the_order_in_which_they_end_in_whatever_way() {
    let (promises, futures) = promises(4);
    let canceller = futures[2].canceller();
    let Ok([a, b, c, d]) = <[_; 4]>::try_from(promises) else {
        unreachable!()
    };
    let mut in_order = as_completed(futures);
    d.set_result(4).unwrap();
    assert_eq!(in_order.next().unwrap().result().unwrap(), 4);
    assert!(canceller.cancel());
    assert!(in_order.next().unwrap().cancelled());
    a.set_exception("no luck").unwrap();
    drop(b);
    assert!(matches!(
        in_order.next().unwrap().result(),
        Err(Error::Raised(_))
    ));
    assert!(matches!(
        in_order.next().unwrap().result(),
        Err(Error::BrokenPromise)
    ));
    assert!(in_order.next().is_none());
    drop(c);
}

// A01
#[test]
fn many_that_end_between_two_steps_come_in_the_order_in_which_they_ended() {
    let (promises, futures) = promises(100);
    let in_order = as_completed(futures);
    for (n, promise) in promises.into_iter().enumerate().rev() {
        promise.set_result(n).unwrap();
    }
    let values: Vec<_> = in_order.map(|it| it.result().unwrap()).collect();
    assert_eq!(values, (0..100).rev().collect::<Vec<_>>());
}

// A01
#[test]
fn tasks_on_other_threads_all_come() {
    ends(|| {
        let futures = (0..20).map(|n| OnThreads.spawn(move || n));
        let mut values: Vec<u32> = as_completed(futures)
            .map(|it| it.result().unwrap())
            .collect();
        values.sort_unstable();
        assert_eq!(values, (0..20).collect::<Vec<_>>());
    });
}

// A02
#[test]
fn those_that_have_ended_already_come_first_in_input_order() {
    let (promise, pending) = Promise::new();
    let mut in_order = as_completed([pending, value(1), value(2)]);
    promise.set_result(3).unwrap();
    assert_eq!(in_order.next().unwrap().result().unwrap(), 1);
    assert_eq!(in_order.next().unwrap().result().unwrap(), 2);
    assert_eq!(in_order.next().unwrap().result().unwrap(), 3);
}

// A03
#[test]
fn one_given_twice_comes_once() {
    let shared = value(7).shared();
    assert_eq!(
        as_completed([shared.clone(), shared.clone(), shared]).count(),
        1
    );
    let (promise, pending) = Promise::new();
    let ended = value(7);
    let mut in_order = as_completed([&pending, &ended, &pending, &ended]);
    assert_eq!(in_order.len(), 2);
    assert_eq!(in_order.next(), Some(&ended));
    promise.set_result(7).unwrap();
    assert_eq!(in_order.next(), Some(&pending));
    assert_eq!(in_order.next(), None);
    let arc = Arc::new(value(7));
    assert_eq!(as_completed([Arc::clone(&arc), arc]).count(), 1);
}

// A03
#[test]
fn any_iterable_is_taken() {
    let futures: HashSet<_> = (0..3).map(value).collect();
    assert_eq!(as_completed(futures.iter().filter(|_| true)).count(), 3);
    assert_eq!(as_completed(futures).count(), 3);
    assert_eq!(as_completed(Some(value(7))).count(), 1);
}

#[test]
fn a_set_may_mix_result_types() {
    let (promise, text) = Promise::<String>::new();
    let number = value(7);
    let shared = value(8).shared();
    let boxed: Vec<Box<dyn Waitable + '_>> = vec![
        Box::new(&text),
        Box::new(&number),
        Box::new(Arc::new(shared.clone())),
    ];
    let mut in_order = as_completed(boxed);
    assert!(in_order.next().unwrap().done() && in_order.next().unwrap().done());
    promise.set_result(String::new()).unwrap();
    assert!(in_order.next().unwrap().done() && in_order.next().is_none());
    let refs: [&dyn Waitable; 3] = [&text, &number, &shared];
    assert_eq!(as_completed(refs).count(), 3);
}

// A04
#[test]
fn when_the_time_runs_out_the_error_counts_what_was_not_handed_out() {
    let (_promise, pending) = Promise::new();
    let pending = pending.shared();
    let ended = value(7).shared();
    let set = [pending.clone(), ended.clone(), ended, pending];
    // time: it is what must run out
    let mut in_order = as_completed_timeout(set, Duration::from_millis(5));
    assert_eq!(in_order.next().unwrap().unwrap().result().unwrap(), 7);
    let timed_out = in_order.next().unwrap().unwrap_err();
    assert_eq!((timed_out.unfinished(), timed_out.total()), (1, 2));
    assert_eq!(timed_out.to_string(), "1 (of 2) futures unfinished");
    assert!(matches!(Error::from(timed_out), Error::TimedOut(_)));
    assert!(in_order.next().is_none() && in_order.next().is_none());
}

// A04
#[test]
fn what_ended_before_the_time_ran_out_comes_before_the_error() {
    let (promises, futures) = promises(3);
    let timeout = Duration::from_millis(5);
    // time: it is what must run out
    let started = Instant::now();
    let mut in_order = as_completed_timeout(futures, timeout);
    let mut promises = promises.into_iter();
    promises.next().unwrap().set_result(7).unwrap();
    while started.elapsed() <= timeout {
        thread::yield_now();
    }
    promises.next().unwrap().set_result(8).unwrap();
    assert_eq!(in_order.next().unwrap().unwrap().result().unwrap(), 7);
    assert_eq!(in_order.next().unwrap().unwrap().result().unwrap(), 8);
    let timed_out = in_order.next().unwrap().unwrap_err();
    assert_eq!(timed_out.to_string(), "1 (of 3) futures unfinished");
}

// A04
#[test]
fn if_all_end_in_time_there_is_no_error() {
    for timeout in [LONG, Duration::MAX] {
        ends(move || {
            let futures = (0..3).map(|n| OnThreads.spawn(move || n));
            let n = as_completed_timeout(futures, timeout)
                .map(Result::unwrap)
                .count();
            assert_eq!(n, 3);
        });
    }
}

// A05
#[test]
fn a_timeout_of_zero_gives_what_is_done_and_then_the_error() {
    let (_promise, pending) = Promise::new();
    let mut in_order = as_completed_timeout([pending, value(1), value(2)], Duration::ZERO);
    assert_eq!(in_order.next().unwrap().unwrap().result().unwrap(), 1);
    assert_eq!(in_order.next().unwrap().unwrap().result().unwrap(), 2);
    let timed_out = in_order.next().unwrap().unwrap_err();
    assert_eq!(timed_out.to_string(), "1 (of 3) futures unfinished");
    assert!(in_order.next().is_none());
    assert_eq!(as_completed_timeout([value(1)], Duration::ZERO).count(), 1);
}

// A06: deviates
#[test]
fn the_clock_starts_at_the_call_and_not_at_the_first_step() {
    let (_promise, pending) = Promise::<u32>::new();
    let timeout = Duration::from_millis(20);
    // time: what passes before the first step must count
    let called = Instant::now();
    let mut in_order = as_completed_timeout([pending], timeout);
    while called.elapsed() <= timeout {
        thread::yield_now();
    }
    let first_step = Instant::now();
    assert!(in_order.next().unwrap().is_err());
    assert!(first_step.elapsed() < LONG);
}

// A06: deviates
#[test]
fn the_futures_are_watched_from_the_call_on() {
    let (late, a) = Promise::new();
    let (early, b) = Promise::new();
    let mut in_order = as_completed([a, b]);
    early.set_result("early").unwrap();
    late.set_result("late").unwrap();
    assert_eq!(in_order.next().unwrap().result().unwrap(), "early");
}

// A07
#[test]
fn neither_a_timeout_nor_dropping_the_iterator_cancels_anything() {
    let (promise, pending) = Promise::new();
    let mut in_order = as_completed_timeout([&pending], Duration::ZERO);
    assert!(in_order.next().unwrap().is_err());
    drop(in_order);
    drop(as_completed([&pending]));
    assert!(!pending.done() && !promise.is_cancelled());
    promise.set_result(7).unwrap();
    assert_eq!(pending.result().unwrap(), 7);
}

// A07
#[test]
fn dropping_an_iterator_that_owns_its_futures_detaches_them() {
    let (promise, pending) = Promise::new();
    let canceller = pending.canceller();
    drop(as_completed([pending]));
    assert!(!canceller.done());
    promise.set_result(7).unwrap();
    assert!(canceller.done() && !canceller.cancelled());
}

// A08
#[test]
fn a_dropped_iterator_holds_none_of_its_futures() {
    let (_promise, pending) = Promise::<u32>::new();
    let pending = Arc::new(pending);
    let ended = Arc::new(value(7));
    let in_order = as_completed([Arc::clone(&pending), Arc::clone(&ended)]);
    assert_eq!(
        (Arc::strong_count(&pending), Arc::strong_count(&ended)),
        (2, 2)
    );
    drop(in_order);
    assert_eq!(
        (Arc::strong_count(&pending), Arc::strong_count(&ended)),
        (1, 1)
    );
}

// A08
#[test]
fn a_dropped_iterator_leaves_nothing_behind_in_the_futures() {
    ends(|| {
        let (promise, pending) = Promise::new();
        let ended = value(7);
        // time: each call looks through what the others left; were it all there still, this would take minutes
        let started = Instant::now();
        for _ in 0..50_000 {
            let mut in_order = as_completed([&pending, &ended]);
            assert_eq!(in_order.next(), Some(&ended));
            drop(in_order);
            drop(as_completed([&pending]));
            assert!(as_completed_timeout([&pending], Duration::ZERO).all(|it| it.is_err()));
        }
        assert!(started.elapsed() < LONG);
        drop(promise);
    });
}

// A09
#[test]
fn it_keeps_nothing_of_a_future_it_has_given() {
    let (_promise, pending) = Promise::new();
    let ended = Arc::new(value(7));
    let mut in_order = as_completed([Arc::new(pending), Arc::clone(&ended)]);
    drop(in_order.next().unwrap());
    assert_eq!(Arc::strong_count(&ended), 1);
    drop(in_order);

    let token = Arc::new(());
    let held = Arc::clone(&token);
    let (_promise, pending) = Promise::new();
    let mut in_order = as_completed([pending, InlineExecutor.spawn(move || held)]);
    drop(in_order.next().unwrap().result().unwrap());
    assert_eq!(Arc::strong_count(&token), 1);
    drop(in_order);
}

// A10
#[test]
fn it_blocks_the_thread_between_items() {
    ends(|| {
        let (promises, futures) = promises(10);
        let (taken, is_taken) = mpsc::channel();
        let taker = thread::spawn(move || {
            for future in as_completed(futures) {
                taken.send(future.result().unwrap()).unwrap();
            }
        });
        for (n, promise) in promises.into_iter().enumerate() {
            assert!(is_taken.try_recv().is_err());
            promise.set_result(n).unwrap();
            assert_eq!(is_taken.recv_timeout(LONG).unwrap(), n);
        }
        taker.join().unwrap();
    });
}

// A11: deviates
#[test]
fn a_cancel_alone_makes_a_future_come() {
    ends(|| {
        let (_promise, pending) = Promise::<u32>::new();
        let canceller = pending.canceller();
        let killer = thread::spawn(move || canceller.cancel());
        assert!(as_completed([pending]).next().unwrap().cancelled());
        assert!(killer.join().unwrap());
    });
    let (_promise, pending) = Promise::<u32>::new();
    assert!(pending.cancel());
    let mut in_order = as_completed_timeout([pending], Duration::ZERO);
    assert!(in_order.next().unwrap().unwrap().cancelled());
    assert!(in_order.next().is_none());
}

// A12
#[test]
fn of_no_futures_nothing_comes() {
    assert!(as_completed(Vec::<Future<u32>>::new()).next().is_none());
    let none = Vec::<SharedFuture<u32>>::new();
    assert!(as_completed_timeout(none, Duration::ZERO).next().is_none());
}

#[test]
fn it_tells_how_many_are_left() {
    let (promise, pending) = Promise::new();
    let mut in_order = as_completed([pending, value(1)]);
    assert_eq!(format!("{in_order:?}"), "AsCompleted { left: 2 }");
    assert_eq!((in_order.len(), in_order.size_hint()), (2, (2, Some(2))));
    drop(in_order.next());
    assert_eq!(in_order.len(), 1);
    promise.set_result(7).unwrap();
    assert_eq!(in_order.len(), 1);
    drop(in_order.next());
    assert_eq!(format!("{in_order:?}"), "AsCompleted { left: 0 }");
    let timed = as_completed_timeout([value(1)], Duration::ZERO);
    assert_eq!(format!("{timed:?}"), "AsCompletedTimeout { left: 1 }");
}

#[test]
fn the_iterator_may_move_to_another_thread() {
    ends(|| {
        let (promises, futures) = promises(10);
        let mut in_order = as_completed(futures);
        let keeper = thread::spawn(move || {
            for (n, promise) in promises.into_iter().enumerate() {
                promise.set_result(n).unwrap();
            }
        });
        assert!(in_order.next().is_some());
        assert_eq!(thread::spawn(|| in_order.count()).join().unwrap(), 9);
        keeper.join().unwrap();
    });
}

#[test]
fn ends_that_race_with_the_registration_come_once_each() {
    ends(|| {
        for _ in 0..100 {
            let (promises, futures) = promises(100);
            let (start, threads) = keep_from_four(promises);
            start.wait();
            let mut n_failed = 0;
            let mut values: Vec<_> = as_completed(futures)
                .filter_map(|it| {
                    assert!(it.done());
                    it.result().map_err(|_| n_failed += 1).ok()
                })
                .collect();
            values.sort_unstable();
            assert_eq!(n_failed, 33);
            assert_eq!(values, (0..100).filter(|n| n % 3 != 2).collect::<Vec<_>>());
            for thread in threads {
                thread.join().unwrap();
            }
        }
    });
}

#[test]
fn several_iterators_over_the_same_futures_each_give_them_all() {
    ends(|| {
        for _ in 0..50 {
            let (promises, futures) = promises(100);
            let (start, threads) = keep_from_four(promises);
            thread::scope(|scope| {
                let forwards = scope.spawn(|| as_completed(&futures).count());
                let backwards = scope.spawn(|| as_completed(futures.iter().rev()).count());
                // This one goes away while the futures end.
                drop(scope.spawn(|| as_completed(&futures).take(10).count()));
                start.wait();
                assert_eq!(forwards.join().unwrap(), 100);
                assert_eq!(backwards.join().unwrap(), 100);
            });
            for thread in threads {
                thread.join().unwrap();
            }
        }
    });
}

#[test]
fn cancels_that_race_with_the_ends_lose_nothing() {
    ends(|| {
        for _ in 0..50 {
            let (promises, futures) = promises(100);
            let cancellers: Vec<_> = futures.iter().map(Future::canceller).collect();
            let killer = thread::spawn(move || cancellers.iter().filter(|it| it.cancel()).count());
            let keeper = thread::spawn(move || {
                let kept = promises.into_iter().map(|promise| promise.set_result(7));
                kept.filter(Result::is_ok).count()
            });
            let (mut n_kept, mut n_cancelled) = (0, 0);
            for future in as_completed(futures) {
                match future.result() {
                    Ok(_) => n_kept += 1,
                    Err(_) => n_cancelled += 1,
                }
            }
            assert_eq!(n_kept, keeper.join().unwrap());
            assert_eq!(n_cancelled, killer.join().unwrap());
            assert_eq!(n_kept + n_cancelled, 100);
        }
    });
}

#[test]
fn a_hundred_thousand_take_time_in_proportion() {
    ends(|| {
        let n = 100_000;
        let (promises, futures) = promises(n);
        // time: were each step to look at all that are left, this would take minutes
        let started = Instant::now();
        let mut in_order = as_completed(futures);
        let mut promises = promises.into_iter().rev();
        // Half of them one by one, the others all at once.
        for promise in promises.by_ref().take(n / 2) {
            promise.set_result(7).unwrap();
            assert!(in_order.next().unwrap().result().is_ok());
        }
        for promise in promises {
            promise.set_result(7).unwrap();
        }
        assert_eq!(in_order.count(), n / 2);
        assert!(started.elapsed() < LONG);
    });
}

#[test]
fn failures_come_as_futures_and_do_not_end_the_iteration() {
    let failing = InlineExecutor.spawn(fallible(|| Err::<u32, _>("no luck")));
    let panicking = InlineExecutor.spawn(|| -> u32 { panic!("no luck") });
    let outcomes: Vec<_> = as_completed([failing, panicking, value(7)])
        .map(|it| it.result().is_ok())
        .collect();
    assert_eq!(outcomes, [false, false, true]);
}

#[test]
fn many_that_end_one_by_one_while_the_consumer_waits_come_in_good_time() {
    const N: usize = 20_000;
    ends(|| {
        let (promises, futures) = promises(N);
        let (to_keeper, at_keeper) = mpsc::channel::<()>();
        let keeper = thread::spawn(move || {
            for (n, promise) in promises.into_iter().enumerate() {
                at_keeper.recv().unwrap();
                promise.set_result(n).unwrap();
            }
        });
        let mut in_order = as_completed(futures);
        // time: were each wait to look through all that are left, it would grow with their square
        let started = Instant::now();
        for n in 0..N {
            to_keeper.send(()).unwrap();
            assert_eq!(in_order.next().unwrap().result().unwrap(), n);
        }
        assert!(started.elapsed() < LONG);
        keeper.join().unwrap();
    });
}
