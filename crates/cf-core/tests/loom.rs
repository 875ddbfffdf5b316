//! Models of every race around one future: loom runs each through all the orders in which its threads may meet.
#![cfg(cf_loom)]

use std::sync::Arc;

use cf_core::{
    Error, Future, Promise, ReturnWhen, as_completed, gather,
    sync::{
        atomic::{AtomicUsize, Ordering},
        thread,
    },
    wait,
};
use loom::model;

/// Starts a thread that keeps `promise`.
fn finish(promise: Promise<u32>, value: u32) -> thread::JoinHandle<()> {
    thread::spawn(move || promise.set_result(value).unwrap())
}

fn join(threads: [thread::JoinHandle<()>; 2]) {
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Has `f` called at the end of `future`, and counts the calls.
fn count_calls(future: &Future<u32>) -> Arc<AtomicUsize> {
    let n_calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&n_calls);
    future.add_done_callback(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    n_calls
}

#[test]
fn finish_races_result() {
    model(|| {
        let (promise, future) = Promise::new();
        let finisher = finish(promise, 7);
        assert_eq!(future.result().unwrap(), 7);
        finisher.join().unwrap();
    });
}

#[test]
fn finish_races_try_result() {
    model(|| {
        let (promise, mut future) = Promise::new();
        let finisher = finish(promise, 7);
        let was_done = future.done();
        match future.try_result() {
            Some(outcome) => assert_eq!(outcome.unwrap(), 7),
            None => {
                assert!(!was_done, "what is done stays done");
                finisher.join().unwrap();
                assert_eq!(future.try_result().unwrap().unwrap(), 7);
            }
        }
    });
}

#[test]
fn finish_races_cancel() {
    model(|| {
        let (promise, future) = Promise::new();
        let n_calls = count_calls(&future);
        let finisher = thread::spawn(move || promise.set_result(7));
        let cancelled = future.cancel();
        let finished = finisher.join().unwrap();
        assert_eq!(n_calls.load(Ordering::Relaxed), 1);
        assert_eq!(future.cancelled(), cancelled);
        if cancelled {
            assert_eq!(finished.unwrap_err().into_inner(), 7);
            assert!(matches!(future.result(), Err(Error::Cancelled)));
        } else {
            assert!(finished.is_ok());
            assert_eq!(future.result().unwrap(), 7);
        }
    });
}

#[test]
fn cancel_races_start() {
    model(|| {
        let (promise, future) = Promise::new();
        let canceller = future.canceller();
        let worker = thread::spawn(move || {
            let started = promise.set_running_or_notify_cancel();
            if started {
                promise.set_result(7).unwrap();
            }
            started
        });
        let cancelled = canceller.cancel();
        let outcome = future.result();
        let started = worker.join().unwrap();
        assert_ne!(started, cancelled, "exactly one of them wins");
        match outcome {
            Ok(value) => assert!(started && value == 7),
            Err(error) => assert!(cancelled && matches!(error, Error::Cancelled)),
        }
    });
}

#[test]
fn callback_added_races_finish() {
    model(|| {
        let (promise, future) = Promise::new();
        let finisher = finish(promise, 7);
        let n_calls = count_calls(&future);
        assert_eq!(future.result().unwrap(), 7);
        assert_eq!(
            n_calls.load(Ordering::Relaxed),
            1,
            "called once, and before the value is handed out"
        );
        finisher.join().unwrap();
    });
}

#[test]
fn callback_added_races_callbacks_that_run() {
    model(|| {
        let (promise, future) = Promise::new();
        let early = count_calls(&future);
        let finisher = finish(promise, 7);
        let late = count_calls(&future);
        future.wait();
        assert_eq!(early.load(Ordering::Relaxed), 1);
        assert_eq!(late.load(Ordering::Relaxed), 1);
        finisher.join().unwrap();
    });
}

#[test]
fn wait_registration_races_finish() {
    model(|| {
        let (promise, a) = Promise::new();
        let (second, b) = Promise::new();
        let finishers = [finish(promise, 7), finish(second, 8)];
        let sets = wait([a, b], ReturnWhen::AllCompleted);
        assert!(sets.not_done.is_empty());
        let values = sets.done.into_iter().map(|future| future.result().unwrap());
        assert_eq!(values.collect::<Vec<_>>(), [7, 8]);
        join(finishers);
    });
}

#[test]
fn wait_for_the_first_races_finish() {
    model(|| {
        let (promise, a) = Promise::new();
        let (second, b) = Promise::new();
        let finisher = finish(promise, 7);
        let sets = wait([a, b], ReturnWhen::FirstCompleted);
        assert_eq!((sets.done.len(), sets.not_done.len()), (1, 1));
        finisher.join().unwrap();
        second.set_result(8).unwrap();
        assert_eq!(
            sets.not_done.into_iter().next().unwrap().result().unwrap(),
            8
        );
    });
}

#[test]
fn wait_for_the_first_exception_races_finish() {
    model(|| {
        let (promise, a) = Promise::new();
        let (second, b) = Promise::<u32>::new();
        let (_pending, c) = Promise::<u32>::new();
        let finishers = [
            finish(promise, 7),
            thread::spawn(move || second.set_exception("fails").unwrap()),
        ];
        let sets = wait([&a, &b, &c], ReturnWhen::FirstException);
        assert!(b.done() && sets.not_done.contains(&&c));
        join(finishers);
    });
}

#[test]
fn as_completed_registration_races_finish() {
    model(|| {
        let (promise, a) = Promise::new();
        let (second, b) = Promise::new();
        let finishers = [finish(promise, 7), finish(second, 8)];
        let sum: u32 = as_completed([a, b])
            .map(|future| future.result().unwrap())
            .sum();
        assert_eq!(sum, 15);
        join(finishers);
    });
}

#[test]
fn two_waiters() {
    model(|| {
        let (promise, future) = Promise::new();
        let future = Arc::new(future);
        let other = Arc::clone(&future);
        let waiter = thread::spawn(move || {
            other.wait();
            assert!(other.done());
        });
        let finisher = finish(promise, 7);
        future.wait();
        assert!(future.exception().is_none());
        waiter.join().unwrap();
        finisher.join().unwrap();
    });
}

#[test]
fn two_waiters_on_a_shared_future() {
    model(|| {
        let (promise, future) = Promise::new();
        let finisher = finish(promise, 7);
        let future = future.shared();
        let other = future.clone();
        let waiter = thread::spawn(move || assert_eq!(other.result().unwrap(), 7));
        assert_eq!(future.result().unwrap(), 7);
        waiter.join().unwrap();
        finisher.join().unwrap();
    });
}

#[test]
fn promise_drop_races_result() {
    model(|| {
        let (promise, future) = Promise::<u32>::new();
        let dropper = thread::spawn(move || drop(promise));
        assert!(matches!(future.result(), Err(Error::BrokenPromise)));
        dropper.join().unwrap();
    });
}

#[test]
fn peek_races_exception() {
    model(|| {
        let (promise, future) = Promise::<u32>::new();
        promise.set_exception("fails").unwrap();
        let future = Arc::new(future);
        let other = Arc::clone(&future);
        let peeker = thread::spawn(move || other.peek(|outcome| outcome.is_err()));
        assert!(future.exception().is_some());
        assert_eq!(peeker.join().unwrap(), Some(true));
    });
}

#[test]
fn peek_races_peek() {
    model(|| {
        let (promise, future) = Promise::new();
        promise.set_result(7).unwrap();
        let future = Arc::new(future);
        let other = Arc::clone(&future);
        let peek = |outcome: Result<&u32, &Error>| *outcome.unwrap();
        let peeker = thread::spawn(move || other.peek(peek));
        assert_eq!(future.peek(peek), Some(7), "it waits for its turn");
        assert_eq!(peeker.join().unwrap(), Some(7));
        assert_eq!(Arc::into_inner(future).unwrap().result().unwrap(), 7);
    });
}

#[test]
fn callback_added_races_peek() {
    model(|| {
        let (promise, future) = Promise::new();
        promise.set_result(7).unwrap();
        let future = Arc::new(future);
        let other = Arc::clone(&future);
        let peeker = thread::spawn(move || other.peek(|outcome| outcome.is_ok()));
        let n_calls = count_calls(&future);
        assert_eq!(peeker.join().unwrap(), Some(true));
        assert_eq!(n_calls.load(Ordering::Relaxed), 1);
        assert_eq!(Arc::into_inner(future).unwrap().result().unwrap(), 7);
    });
}

#[test]
fn map_added_races_finish() {
    model(|| {
        let (promise, future) = Promise::new();
        let finisher = finish(promise, 7);
        assert_eq!(future.map(|n| n * 6).result().unwrap(), 42);
        finisher.join().unwrap();
    });
}

#[test]
fn cancel_of_a_derived_future_races_finish() {
    model(|| {
        let (promise, future) = Promise::new();
        let derived = future.map(|n| n * 6);
        let finisher = thread::spawn(move || promise.set_result(7));
        let cancelled = derived.cancel();
        let finished = finisher.join().unwrap();
        match derived.result() {
            Ok(value) => assert!(!cancelled && finished.is_ok() && value == 42),
            Err(error) => assert!(cancelled && matches!(error, Error::Cancelled)),
        }
    });
}

#[test]
fn gather_races_finish() {
    model(|| {
        let (promise, a) = Promise::new();
        let (second, b) = Promise::new();
        let finishers = [finish(promise, 7), finish(second, 8)];
        assert_eq!(gather([a, b]).result().unwrap(), [7, 8]);
        join(finishers);
    });
}
