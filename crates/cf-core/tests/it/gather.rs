//! `gather`: all values in order, or the first failure.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use cf_core::{ClosureExecutor, Error, Future, InlineExecutor, Promise, fallible, gather};

use crate::{
    gate::ends,
    threads::{OnThreads, keep_from_four, promises, queued},
};

#[test]
fn the_values_come_in_the_order_of_the_futures() {
    let (promises, futures) = promises(5);
    let gathered = gather(futures);
    for (n, promise) in promises.into_iter().enumerate().rev() {
        assert!(!gathered.done());
        promise.set_result(n).unwrap();
    }
    assert_eq!(gathered.result().unwrap(), [0, 1, 2, 3, 4]);
}

#[test]
fn of_no_futures_it_is_done_at_once() {
    let gathered = gather(Vec::<Future<u32>>::new());
    assert!(gathered.done());
    assert!(gathered.result().unwrap().is_empty());
}

#[test]
fn of_ended_futures_it_is_done_at_once() {
    let gathered = gather((0..3).map(|n| InlineExecutor.spawn(move || n)));
    assert!(gathered.done());
    assert_eq!(gathered.result().unwrap(), [0, 1, 2]);
}

#[test]
fn the_first_failure_fails_it_at_once() {
    let (_promise, pending) = Promise::new();
    let (failing, failed) = Promise::<u32>::new();
    let gathered = gather([pending, failed]);
    failing.set_exception("no luck").unwrap();
    assert!(gathered.done());
    assert_eq!(gathered.result().unwrap_err().to_string(), "no luck");
}

#[test]
fn after_the_first_failure_later_ones_change_nothing() {
    let (promises, futures) = promises(3);
    let gathered = gather(futures);
    for (promise, text) in promises.into_iter().zip(["first", "second", "third"]) {
        promise.set_exception(text).unwrap();
    }
    assert_eq!(gathered.result().unwrap_err().to_string(), "first");
}

#[test]
fn after_a_failure_the_others_go_on_and_what_they_give_is_dropped() {
    let token = Arc::new(());
    let (promise, pending) = Promise::new();
    let canceller = pending.canceller();
    let early = Arc::clone(&token);
    let gathered = gather([
        InlineExecutor.spawn(move || early),
        pending,
        InlineExecutor.spawn(fallible(|| Err("no luck"))),
    ]);
    assert!(gathered.done() && !canceller.done());
    assert_eq!(Arc::strong_count(&token), 1);
    promise.set_result(Arc::clone(&token)).unwrap();
    assert!(canceller.done() && !canceller.cancelled());
    assert_eq!(Arc::strong_count(&token), 1);
    assert!(gathered.result().is_err());
}

#[test]
fn a_cancelled_one_is_a_failure_of_it_and_not_a_cancel() {
    let (_promise, pending) = Promise::<u32>::new();
    let canceller = pending.canceller();
    let gathered = gather([InlineExecutor.spawn(|| 7), pending]);
    assert!(canceller.cancel());
    assert!(gathered.done() && !gathered.cancelled());
    assert!(matches!(gathered.result(), Err(Error::Cancelled)));
}

#[test]
fn cancelling_it_cancels_all_that_have_not_started() {
    let (running, a) = Promise::<u32>::new();
    assert!(running.set_running_or_notify_cancel());
    let (_task, b) = queued(|| 7);
    let (_promise, c) = Promise::new();
    let cancellers = [a.canceller(), b.canceller(), c.canceller()];
    let gathered = gather([a, b, c, InlineExecutor.spawn(|| 7)]);
    assert!(gathered.cancel() && gathered.cancelled());
    assert_eq!(cancellers.map(|it| it.cancelled()), [false, true, true]);
    running.set_result(7).unwrap();
    assert!(matches!(gathered.result(), Err(Error::Cancelled)));
}

#[test]
fn a_done_one_is_not_cancelled() {
    let gathered = gather([InlineExecutor.spawn(|| 7)]);
    assert!(!gathered.cancel());
    assert_eq!(gathered.result().unwrap(), [7]);
}

#[test]
fn a_panic_and_a_broken_promise_fail_it() {
    let gathered = gather([InlineExecutor.spawn(|| -> u32 { panic!("no luck") })]);
    assert!(matches!(gathered.result(), Err(Error::Panicked(_))));
    let (promise, future) = Promise::<u32>::new();
    let gathered = gather([future]);
    drop(promise);
    assert!(matches!(gathered.result(), Err(Error::BrokenPromise)));
}

#[test]
fn gathered_futures_can_be_gathered_and_mapped() {
    let squares = |from: u32| gather((from..from + 2).map(|n| InlineExecutor.spawn(move || n * n)));
    let sum = gather([squares(1), squares(3)]).map(|all| all.concat().iter().sum::<u32>());
    assert_eq!(sum.result().unwrap(), 1 + 4 + 9 + 16);
}

#[test]
fn tasks_of_many_threads_are_gathered() {
    ends(|| {
        let gathered = gather((0..50).map(|n| OnThreads.spawn(move || n)));
        assert_eq!(gathered.result().unwrap(), (0..50).collect::<Vec<_>>());
    });
}

#[test]
fn ends_that_race_with_the_gathering_lose_nothing() {
    ends(|| {
        for _ in 0..100 {
            let (promises, futures) = promises(100);
            let (start, threads) = keep_from_four(promises);
            start.wait();
            // Every third fails; with those mapped away, all values are there.
            let gathered = gather(futures.into_iter().map(|it| it.then(|it| Ok(it.is_ok()))));
            assert_eq!(
                gathered.result().unwrap().iter().filter(|it| **it).count(),
                67
            );
            for thread in threads {
                thread.join().unwrap();
            }
        }
    });
}

#[test]
fn a_cancel_that_races_with_the_ends_leaves_one_outcome() {
    ends(|| {
        for _ in 0..100 {
            let (promises, futures) = promises(20);
            let gathered = gather(futures);
            let canceller = gathered.canceller();
            let killer = thread::spawn(move || canceller.cancel());
            for promise in promises {
                let _ = promise.set_result(7);
            }
            let killed = killer.join().unwrap();
            match gathered.result() {
                Ok(values) => assert!(values.len() == 20 && !killed),
                Err(error) => assert!(matches!(error, Error::Cancelled)),
            }
        }
    });
}

#[test]
fn a_panicking_drop_of_an_unwanted_value_reaches_nobody() {
    struct Bomb(Arc<AtomicUsize>);
    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
            panic!("dropped");
        }
    }
    let n_dropped = Arc::new(AtomicUsize::new(0));
    let (early, late) = (Bomb(Arc::clone(&n_dropped)), Bomb(Arc::clone(&n_dropped)));
    let (first, a) = Promise::new();
    let (second, b) = Promise::<Bomb>::new();
    let (third, c) = Promise::new();
    let gathered = gather([a, b, c]);
    first.set_result(early).unwrap();
    second.set_exception("no luck").unwrap();
    third.set_result(late).unwrap();
    assert_eq!(gathered.result().err().unwrap().to_string(), "no luck");
    assert_eq!(n_dropped.load(Ordering::Relaxed), 2);
}

#[test]
fn what_is_made_from_it_is_not_cancelled_because_a_member_is() {
    let (promises, futures) = promises(2);
    let canceller = futures[0].canceller();
    let derived = gather(futures).map(|values: Vec<usize>| values.len());
    assert!(canceller.cancel());
    assert!(!derived.cancelled());
    drop(promises);
    assert!(!derived.cancelled());
    assert!(matches!(derived.result(), Err(Error::Cancelled)));
}
