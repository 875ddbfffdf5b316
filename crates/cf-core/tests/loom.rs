//! Models of every race around one future: loom runs each through all the orders in which its threads may meet.
#![cfg(cf_loom)]

use std::{
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use cf_core::{
    Error, Future, Promise, ReturnWhen, as_completed,
    bridge::{Awaited, AwaitedCanceller, Completions, SharedAwaited},
    checkpoint, gather,
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

/// Unparks the thread that blocks on a poll.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls until it is ready, and parks in between.
fn block_on<R>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>) -> R {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => thread::park(),
        }
    }
}

/// A waker that holds something until it is dropped.
struct Holds<T> {
    _held: T,
}

impl<T: Send + Sync + 'static> Wake for Holds<T> {
    fn wake(self: Arc<Self>) {}
}

/// A promise that runs, and the awaitable face of its future.
fn running() -> (Promise<u32>, Awaited<u32>) {
    let (promise, future) = Promise::new();
    assert!(promise.set_running_or_notify_cancel());
    (promise, Awaited::new(future))
}

/// Starts a thread that gives up.
fn give_up(canceller: AwaitedCanceller) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        canceller.give_up();
    })
}

fn is_cancelled(outcome: Result<u32, Error>) -> bool {
    match outcome {
        Ok(value) => {
            assert_eq!(value, 7);
            false
        }
        Err(error) => {
            assert!(matches!(error, Error::Cancelled));
            true
        }
    }
}

#[test]
fn waker_registration_races_finish() {
    model(|| {
        let (promise, future) = Promise::new();
        let mut awaited = Awaited::new(future);
        let finisher = finish(promise, 7);
        assert_eq!(block_on(|context| awaited.poll(context)).unwrap(), 7);
        finisher.join().unwrap();
    });
}

#[test]
fn waker_replacement_races_finish() {
    model(|| {
        let (promise, future) = Promise::new();
        let mut awaited = Awaited::new(future);
        let older = Arc::new(Holds { _held: () });
        let waker = Waker::from(Arc::clone(&older));
        assert!(awaited.poll(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        let finisher = finish(promise, 7);
        assert_eq!(block_on(|context| awaited.poll(context)).unwrap(), 7);
        finisher.join().unwrap();
        assert_eq!(Arc::strong_count(&older), 1, "no waker is left");
    });
}

#[test]
fn give_up_races_finish() {
    model(|| {
        let (promise, mut awaited) = running();
        let canceller = awaited.canceller();
        let threads = [finish(promise, 7), give_up(canceller)];
        let outcome = block_on(|context| awaited.poll(context));
        join(threads);
        assert_eq!(is_cancelled(outcome), awaited.is_cancelled());
    });
}

#[test]
fn give_up_is_told_the_verdict_of_its_race_with_finish() {
    model(|| {
        let (promise, mut awaited) = running();
        let finisher = finish(promise, 7);
        let given_up = awaited.give_up();
        let outcome = block_on(|context| awaited.poll(context));
        assert_eq!(is_cancelled(outcome), given_up);
        finisher.join().unwrap();
    });
}

#[test]
fn give_up_races_start() {
    model(|| {
        let (promise, future) = Promise::new();
        let mut awaited = Awaited::new(future);
        let worker = thread::spawn(move || {
            let started = promise.set_running_or_notify_cancel();
            if started {
                promise.set_result(7).unwrap();
            }
        });
        let given_up = awaited.give_up();
        let outcome = block_on(|context| awaited.poll(context));
        assert_eq!(is_cancelled(outcome), given_up);
        worker.join().unwrap();
    });
}

#[test]
fn give_up_races_give_up() {
    model(|| {
        let (_promise, future) = Promise::<u32>::new();
        let awaited = Awaited::new(future);
        let canceller = awaited.canceller();
        let giver = thread::spawn(move || canceller.give_up());
        let given_up = awaited.give_up();
        assert_ne!(giver.join().unwrap(), given_up, "exactly one of them does");
        assert!(awaited.is_cancelled());
    });
}

#[test]
fn shared_give_up_races_give_up() {
    model(|| {
        let (_promise, future) = Promise::<u32>::new();
        let awaited = SharedAwaited::new(future.shared());
        let other = awaited.clone();
        let giver = thread::spawn(move || other.give_up());
        let given_up = awaited.give_up();
        assert_ne!(giver.join().unwrap(), given_up, "exactly one of them does");
        assert!(awaited.is_cancelled());
    });
}

#[test]
fn give_up_races_a_stop_at_a_checkpoint() {
    model(|| {
        let (promise, mut awaited) = running();
        let worker = thread::spawn(move || match promise.run(checkpoint) {
            Ok(()) => promise.set_result(7).unwrap(),
            Err(stopped) => promise.set_exception(stopped).unwrap(),
        });
        let given_up = awaited.give_up();
        let outcome = block_on(|context| awaited.poll(context));
        assert_eq!(is_cancelled(outcome), given_up);
        worker.join().unwrap();
    });
}

#[test]
fn give_up_races_registration() {
    model(|| {
        let (_promise, mut awaited) = running();
        let canceller = awaited.canceller();
        let giver = thread::spawn(move || assert!(canceller.give_up()));
        assert!(is_cancelled(block_on(|context| awaited.poll(context))));
        giver.join().unwrap();
    });
}

#[test]
fn give_up_races_poll_stopped() {
    model(|| {
        let (promise, mut awaited) = running();
        let canceller = awaited.canceller();
        let threads = [finish(promise, 7), give_up(canceller)];
        let outcome = block_on(|context| awaited.poll_stopped(context));
        assert_eq!(outcome.unwrap(), 7, "the end is awaited, not the giving up");
        join(threads);
    });
}

#[test]
fn give_up_races_try_take() {
    model(|| {
        let (promise, mut awaited) = running();
        let canceller = awaited.canceller();
        let finisher = finish(promise, 7);
        let giver = thread::spawn(move || canceller.give_up());
        let taken = awaited.try_take();
        let given_up = giver.join().unwrap();
        finisher.join().unwrap();
        if let Some(outcome) = taken {
            assert_eq!(is_cancelled(outcome), given_up);
        }
    });
}

#[test]
fn give_up_races_error() {
    model(|| {
        let (promise, awaited) = running();
        let canceller = awaited.canceller();
        let threads = [thread::spawn(move || drop(promise)), give_up(canceller)];
        let before = awaited.error();
        join(threads);
        if let Some(before) = before {
            assert_eq!(
                matches!(before, Error::Cancelled),
                matches!(awaited.error(), Some(Error::Cancelled)),
                "the first one stays"
            );
        }
    });
}

#[test]
fn give_up_races_a_blocking_reader() {
    model(|| {
        let (promise, awaited) = running();
        let canceller = awaited.canceller();
        let threads = [
            thread::spawn(move || assert!(canceller.give_up())),
            thread::spawn(move || {
                assert_eq!(awaited.into_future().result().unwrap(), 7);
            }),
        ];
        let [giver, reader] = threads;
        giver.join().unwrap();
        promise.set_result(7).unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn dropping_the_reader_races_finish() {
    model(|| {
        let (promise, future) = Promise::new();
        let mut awaited = Awaited::new(future);
        let held = Arc::new(());
        // Its drop looks for a waker in the same cell.
        let mut observer = awaited.observer();
        assert!(
            observer
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        let waker = Waker::from(Arc::new(Holds {
            _held: (Arc::clone(&held), observer),
        }));
        assert!(awaited.poll(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        let value = Arc::new(());
        let finisher = {
            let value = Arc::clone(&value);
            thread::spawn(move || promise.set_result(value).unwrap())
        };
        drop(awaited);
        finisher.join().unwrap();
        assert_eq!(Arc::strong_count(&held), 1, "no waker is left");
        assert_eq!(Arc::strong_count(&value), 1, "nor the value");
    });
}

#[test]
fn completions_registration_races_finish() {
    model(|| {
        let (promise, a) = Promise::new();
        let (second, b) = Promise::new();
        let (a, b) = (Awaited::new(a), Awaited::new(b));
        let finishers = [finish(promise, 7), finish(second, 8)];
        let mut completions = Completions::new();
        let watched: Vec<_> = [(0, &a), (1, &b)]
            .into_iter()
            .filter_map(|(index, it)| completions.watch(it, index).then_some(index))
            .collect();
        block_on(|context| completions.poll(watched.len(), false, context));
        let mut reported = completions.take().0;
        reported.sort_unstable();
        assert_eq!(reported, watched);
        join(finishers);
    });
}

#[test]
fn completions_poll_races_arrival() {
    model(|| {
        let (promise, a) = Promise::new();
        let (second, b) = Promise::new();
        let (a, b) = (Awaited::new(a), Awaited::new(b));
        let mut completions = Completions::new();
        assert!(completions.watch(&a, 0) && completions.watch(&b, 1));
        let finishers = [finish(promise, 7), finish(second, 8)];
        block_on(|context| completions.poll(2, false, context));
        let mut reported = completions.take().0;
        reported.sort_unstable();
        assert_eq!(reported, [0, 1]);
        join(finishers);
    });
}

#[test]
fn completions_poll_races_a_failure() {
    model(|| {
        let (promise, a) = Promise::<u32>::new();
        let (_pending, b) = Promise::<u32>::new();
        let (a, b) = (Awaited::new(a), Awaited::new(b));
        let mut completions = Completions::new();
        assert!(completions.watch(&a, 0) && completions.watch(&b, 1));
        let dropper = thread::spawn(move || drop(promise));
        block_on(|context| completions.poll(2, true, context));
        assert_eq!(completions.take(), (vec![0], true));
        dropper.join().unwrap();
    });
}

#[test]
fn completions_poll_races_give_up() {
    model(|| {
        let (promise, awaited) = running();
        let canceller = awaited.canceller();
        let mut completions = Completions::new();
        assert!(completions.watch(&awaited, 0));
        let threads = [finish(promise, 7), give_up(canceller)];
        block_on(|context| completions.poll(1, false, context));
        join(threads);
        assert_eq!(completions.take().0, [0], "it reports once");
    });
}

#[test]
fn poll_cancelled_races_cancel() {
    model(|| {
        let (promise, future) = Promise::<u32>::new();
        let canceller = thread::spawn(move || assert!(future.cancel()));
        block_on(|context| promise.poll_cancelled(context));
        assert!(promise.is_cancelled());
        canceller.join().unwrap();
    });
}

#[test]
fn poll_cancelled_races_give_up() {
    model(|| {
        let (promise, awaited) = running();
        let giver = thread::spawn(move || assert!(awaited.give_up()));
        block_on(|context| promise.poll_cancelled(context));
        giver.join().unwrap();
    });
}

#[test]
fn two_shared_awaited_race_finish() {
    model(|| {
        let (promise, future) = Promise::new();
        let mut awaited = SharedAwaited::new(future.shared());
        let mut other = awaited.clone();
        let finisher = finish(promise, 7);
        let reader = thread::spawn(move || assert_eq!(block_on(|it| other.poll(it)).unwrap(), 7));
        assert_eq!(block_on(|context| awaited.poll(context)).unwrap(), 7);
        reader.join().unwrap();
        finisher.join().unwrap();
    });
}

#[test]
fn shared_give_up_races_finish() {
    model(|| {
        let (promise, future) = Promise::new();
        assert!(promise.set_running_or_notify_cancel());
        let awaited = SharedAwaited::new(future.shared());
        let mut other = awaited.clone();
        let finisher = finish(promise, 7);
        let reader = thread::spawn(move || {
            let first = block_on(|context| other.poll(context));
            (is_cancelled(first), other)
        });
        let given_up = awaited.give_up();
        let (was_cancelled, mut other) = reader.join().unwrap();
        finisher.join().unwrap();
        let again = block_on(|context| other.poll(context));
        assert_eq!((was_cancelled, is_cancelled(again)), (given_up, given_up));
    });
}

#[test]
fn shared_give_up_races_peek() {
    model(|| {
        let (promise, future) = Promise::new();
        assert!(promise.set_running_or_notify_cancel());
        let awaited = SharedAwaited::new(future.shared());
        let other = awaited.clone();
        let finisher = finish(promise, 7);
        let giver = thread::spawn(move || other.give_up());
        let seen = awaited.peek();
        let given_up = giver.join().unwrap();
        finisher.join().unwrap();
        if let Some(outcome) = seen {
            assert_eq!(is_cancelled(outcome), given_up);
        }
    });
}

#[test]
fn shared_give_up_races_a_blocking_clone() {
    model(|| {
        let (promise, future) = Promise::new();
        assert!(promise.set_running_or_notify_cancel());
        let blocking = future.shared();
        let awaited = SharedAwaited::new(blocking.clone());
        let reader = thread::spawn(move || assert_eq!(blocking.result().unwrap(), 7));
        let giver = thread::spawn(move || assert!(awaited.give_up()));
        giver.join().unwrap();
        promise.set_result(7).unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn observer_poll_races_finish() {
    model(|| {
        let (promise, future) = Promise::new();
        let mut observer = Awaited::new(future).observer();
        let finisher = finish(promise, 7);
        block_on(|context| observer.poll(context));
        assert_eq!(observer.look(|done| *done.result().unwrap()), Some(7));
        finisher.join().unwrap();
    });
}

#[test]
fn observer_look_races_poll() {
    model(|| {
        let (promise, future) = Promise::new();
        let mut awaited = Awaited::new(future);
        let observer = awaited.observer();
        promise.set_result(7).unwrap();
        let looker = thread::spawn(move || observer.look(|done| done.result().ok().copied()));
        assert_eq!(block_on(|context| awaited.poll(context)).unwrap(), 7);
        let seen = looker.join().unwrap().unwrap();
        assert!(seen.is_none_or(|value| value == 7));
    });
}

#[test]
fn observer_look_races_give_up() {
    model(|| {
        let (promise, mut awaited) = running();
        let (observer, canceller) = (awaited.observer(), awaited.canceller());
        let threads = [finish(promise, 7), give_up(canceller)];
        let seen = observer.look(|done| done.cancelled());
        join(threads);
        let outcome = block_on(|context| awaited.poll(context));
        assert!(seen.is_none_or(|was_cancelled| was_cancelled == is_cancelled(outcome)));
    });
}
