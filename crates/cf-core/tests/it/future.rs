//! Reading a future: every way to end in every way to look, before the end, at it and after it.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    io,
    sync::{Arc, Barrier, mpsc},
    thread,
    time::{Duration, Instant},
};

use cf_core::{
    ClosureExecutor, Error, Executor, Future, InlineExecutor, Promise, TimedOut, Timeout, fallible,
};

use crate::{callback::reports_of, gate::LONG};

/// How a future ended, as far as a look can tell.
#[derive(Debug, PartialEq)]
enum Seen {
    Value(String),
    NoError,
    Raised(String),
    Panicked(String),
    Cancelled,
    BrokenPromise,
}

fn seen(outcome: Result<&String, &Error>) -> Seen {
    match outcome {
        Ok(value) => Seen::Value(value.clone()),
        Err(error) => seen_error(Some(error)),
    }
}

fn seen_error(error: Option<&Error>) -> Seen {
    match error {
        None => Seen::NoError,
        Some(Error::Raised(exception)) => Seen::Raised(exception.to_string()),
        Some(Error::Panicked(panic)) => Seen::Panicked(panic.message().to_owned()),
        Some(Error::Cancelled) => Seen::Cancelled,
        Some(Error::BrokenPromise) => Seen::BrokenPromise,
        Some(other) => unreachable!("{other:?}"),
    }
}

/// A pending future and what ends it.
type Begun = (Future<String>, Box<dyn FnOnce() + Send>);

fn ends_with_value() -> Begun {
    let (promise, future) = Promise::new();
    (
        future,
        Box::new(|| promise.set_result("seven".to_owned()).unwrap()),
    )
}

fn ends_with_err() -> Begun {
    let (promise, future) = Promise::new();
    let end = || promise.set_exception(io::Error::other("disk")).unwrap();
    (future, Box::new(end))
}

fn ends_with_panic() -> Begun {
    let (promise, future) = Promise::new();
    let future = future.map(|()| -> String { panic!("boom") });
    (future, Box::new(|| promise.set_result(()).unwrap()))
}

fn ends_with_cancel() -> Begun {
    let (promise, future) = Promise::<String>::new();
    let canceller = future.canceller();
    let end = move || {
        assert!(canceller.cancel());
        drop(promise);
    };
    (future, Box::new(end))
}

fn ends_with_dropped_promise() -> Begun {
    let (promise, future) = Promise::new();
    (future, Box::new(|| drop(promise)))
}

fn through_result(future: Future<String>) -> Seen {
    seen(future.result().as_ref())
}

fn through_result_timeout(mut future: Future<String>) -> Seen {
    seen(future.result_timeout(LONG).unwrap().as_ref())
}

fn through_try_result(mut future: Future<String>) -> Seen {
    loop {
        if let Some(outcome) = future.try_result() {
            return seen(outcome.as_ref());
        }
        thread::yield_now();
    }
}

fn through_exception(future: Future<String>) -> Seen {
    let error = future.exception();
    let again = future.exception_timeout(Duration::ZERO).unwrap();
    assert_eq!(seen_error(error.as_ref()), seen_error(again.as_ref()));
    match error {
        None => seen(future.result().as_ref()),
        error => seen_error(error.as_ref()),
    }
}

fn through_wait(mut future: Future<String>) -> Seen {
    future.wait();
    assert!(future.wait_timeout(Duration::ZERO) && future.done() && !future.running());
    seen(future.try_result().unwrap().as_ref())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "all looks are of one type, and most consume the future"
)]
fn through_callback(future: Future<String>) -> Seen {
    let (sender, receiver) = mpsc::channel();
    future.add_done_callback(move |done| {
        assert_eq!(
            seen_error(done.exception()),
            seen_error(done.result().err())
        );
        assert_eq!(
            done.cancelled(),
            matches!(done.result(), Err(Error::Cancelled))
        );
        sender.send(seen(done.result())).unwrap();
    });
    receiver.recv_timeout(LONG).unwrap()
}

fn through_peek(future: Future<String>) -> Seen {
    future.wait();
    let first = future.peek(seen).unwrap();
    assert_eq!(future.peek(seen).unwrap(), first);
    assert_eq!(seen(future.result().as_ref()), first);
    first
}

/// Every way to look at one way to end: after the end, and while another thread brings it about.
macro_rules! looks {
    ($($end:ident: $begin:expr => $expected:expr;)*) => {$(
        mod $end {
            use super::*;

            looks!(@ $begin, $expected;
                result: through_result;
                result_timeout: through_result_timeout;
                try_result: through_try_result;
                exception: through_exception;
                wait: through_wait;
                callback: through_callback;
                peek: through_peek;
            );
        }
    )*};
    (@ $begin:expr, $expected:expr; $($look:ident: $through:expr;)*) => {$(
        mod $look {
            use super::*;

            #[test]
            fn shows_the_end_that_has_come() {
                let (future, end) = $begin();
                end();
                assert_eq!($through(future), $expected);
            }

            #[test]
            fn shows_the_end_that_is_coming() {
                let (future, end) = $begin();
                let both_here = Arc::new(Barrier::new(2));
                let here = Arc::clone(&both_here);
                let ender = thread::spawn(move || {
                    here.wait();
                    end();
                });
                both_here.wait();
                assert_eq!($through(future), $expected);
                ender.join().unwrap();
            }
        }
    )*};
}

looks! {
    value: ends_with_value => Seen::Value("seven".to_owned());
    err: ends_with_err => Seen::Raised("disk".to_owned());
    panic: ends_with_panic => Seen::Panicked("boom".to_owned());
    cancel: ends_with_cancel => Seen::Cancelled;
    dropped_promise: ends_with_dropped_promise => Seen::BrokenPromise;
}

const ENDS: [fn() -> Begun; 5] = [
    ends_with_value,
    ends_with_err,
    ends_with_panic,
    ends_with_cancel,
    ends_with_dropped_promise,
];

/// What the three questions answer: running, done, cancelled.
fn answers<T: 'static>(future: &Future<T>) -> (bool, bool, bool) {
    (future.running(), future.done(), future.cancelled())
}

// F01, F06, F07, F08: test_cancelled, test_done and test_running; the two cancelled states are one here.
#[test]
fn the_state_is_told_by_three_questions() {
    let (promise, future) = Promise::<u32>::new();
    assert_eq!(answers(&future), (false, false, false));
    assert!(promise.set_running_or_notify_cancel());
    assert_eq!(answers(&future), (true, false, false));
    promise.set_result(7).unwrap();
    assert_eq!(answers(&future), (false, true, false));

    let (promise, future) = Promise::<u32>::new();
    promise.set_exception("out of paper").unwrap();
    assert_eq!(answers(&future), (false, true, false));

    let (promise, future) = Promise::<u32>::new();
    future.cancel();
    assert_eq!(answers(&future), (false, true, true));
    assert!(!promise.set_running_or_notify_cancel());
    assert_eq!(answers(&future), (false, true, true));
}

// F06: taking the outcome away changes no answer.
#[test]
fn the_state_outlives_the_outcome() {
    for (begin, cancelled) in [
        (ends_with_err as fn() -> Begun, false),
        (ends_with_cancel, true),
    ] {
        let (mut future, end) = begin();
        end();
        assert!(future.try_result().unwrap().is_err());
        assert_eq!(answers(&future), (false, true, cancelled));
    }
}

// F08
#[test]
fn done_does_not_block_while_the_task_runs() {
    let (promise, future) = Promise::<u32>::new();
    assert!(promise.set_running_or_notify_cancel());
    assert!(!future.done());
    drop(promise);
    assert!(future.done());
}

// F09: test_result_with_success; read once here, and many times when shared.
#[test]
fn a_shared_future_gives_its_value_many_times() {
    let (promise, future) = Promise::new();
    let shared = future.shared();
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let shared = shared.clone();
            thread::spawn(move || (shared.result().unwrap(), shared.result().unwrap()))
        })
        .collect();
    promise.set_result(Arc::new(7)).unwrap();
    let value = shared.result().unwrap();
    for reader in readers {
        let (first, second) = reader.join().unwrap();
        assert!(Arc::ptr_eq(&first, &value) && Arc::ptr_eq(&second, &value));
    }
}

// F09
#[test]
fn result_gives_the_stored_object_itself() {
    let value = Arc::new(7);
    let (promise, future) = Promise::new();
    promise.set_result(Arc::clone(&value)).unwrap();
    assert!(Arc::ptr_eq(&future.result().unwrap(), &value));
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn the_outcome_is_handed_out_once() {
    for begin in ENDS {
        let (mut future, end) = begin();
        end();
        assert!(!matches!(
            future.try_result(),
            None | Some(Err(Error::InvalidState))
        ));
        assert!(matches!(
            future.try_result(),
            Some(Err(Error::InvalidState))
        ));
        assert!(matches!(
            future.result_timeout(LONG),
            Ok(Err(Error::InvalidState))
        ));
        assert_eq!(future.peek(seen), None);
        assert!(matches!(future.result(), Err(Error::InvalidState)));
    }
}

#[test]
fn a_failed_future_does_not_look_like_a_success_once_its_error_was_taken() {
    for begin in [ends_with_err, ends_with_panic, ends_with_dropped_promise] {
        let (mut future, end) = begin();
        end();
        assert!(future.try_result().unwrap().is_err());
        assert!(matches!(future.exception(), Some(Error::InvalidState)));
    }
    let (mut future, end) = ends_with_cancel();
    end();
    assert!(future.try_result().unwrap().is_err());
    assert!(matches!(future.exception(), Some(Error::Cancelled)));
    let (mut future, end) = ends_with_value();
    end();
    assert!(future.try_result().unwrap().is_ok());
    assert!(future.exception().is_none());
}

// F10, F11: test_result_with_timeout
#[test]
fn a_wait_that_runs_out_leaves_the_future_as_it_was() {
    for begin in ENDS {
        let (mut future, end) = begin();
        let timed_out = future.result_timeout(Duration::ZERO).unwrap_err();
        assert_eq!(timed_out.to_string(), "timed out");
        assert!(future.exception_timeout(Duration::ZERO).is_err());
        assert!(!future.wait_timeout(Duration::ZERO));
        assert!(future.try_result().is_none());
        assert_eq!(future.peek(seen), None);
        assert_eq!(answers(&future), (false, false, false));
        end();
        assert!(future.result_timeout(Duration::ZERO).is_ok());
    }
}

// F11
#[test]
fn a_running_future_times_out_as_a_pending_one_does() {
    let (promise, mut future) = Promise::new();
    assert!(promise.set_running_or_notify_cancel());
    assert!(future.result_timeout(Duration::ZERO).is_err());
    promise.set_result(7).unwrap();
    assert_eq!(future.result_timeout(Duration::ZERO).unwrap().unwrap(), 7);
}

// F10
#[test]
fn a_timed_wait_takes_its_time() {
    const TIMEOUT: Duration = Duration::from_millis(20);

    let (_promise, mut future) = Promise::<u32>::new();
    let waits: [fn(&mut Future<u32>) -> bool; 3] = [
        |future| future.result_timeout(TIMEOUT).is_err(),
        |future| future.exception_timeout(TIMEOUT).is_err(),
        |future| !future.wait_timeout(TIMEOUT),
    ];
    for wait in waits {
        let started = Instant::now();
        assert!(wait(&mut future));
        assert!(started.elapsed() >= TIMEOUT);
    }
}

// F10
#[test]
fn a_timeout_beyond_the_clock_is_no_limit() {
    let (promise, mut future) = Promise::new();
    let writer = thread::spawn(move || promise.set_result(7));
    assert_eq!(future.result_timeout(Duration::MAX).unwrap().unwrap(), 7);
    writer.join().unwrap().unwrap();
    assert!(future.wait_timeout(Duration::MAX));
}

// F10: the two ways to time out are told apart.
#[test]
fn a_task_that_timed_out_is_not_a_wait_that_did() {
    let (promise, mut future) = Promise::<u32>::new();
    let wait: Result<_, TimedOut> = future.result_timeout(Duration::ZERO);
    assert!(wait.is_err());
    promise
        .set_exception(Error::TimedOut(Timeout::default()))
        .unwrap();
    let task = future.result_timeout(Duration::ZERO).unwrap();
    assert!(matches!(task, Err(Error::TimedOut(_))));
}

// F13
#[test]
fn each_look_at_an_error_shows_the_same_object() {
    let (promise, future) = Promise::<u32>::new();
    promise.set_exception(io::Error::other("disk")).unwrap();
    let address = |error: &Error| {
        let error: *const io::Error = error.downcast_ref().unwrap();
        error
    };
    let first = address(&future.exception().unwrap());
    assert_eq!(address(&future.exception().unwrap()), first);
    let peeked = future.peek(|outcome| address(outcome.unwrap_err()));
    assert_eq!(peeked, Some(first));
    assert_eq!(address(&future.result().unwrap_err()), first);
}

// F14: test_exception_with_timeout; a cancelled future gives its error where Python raises it.
#[test]
fn exception_of_a_cancelled_future_gives_its_error() {
    let (_promise, future) = Promise::<u32>::new();
    assert!(future.cancel());
    assert!(matches!(future.exception(), Some(Error::Cancelled)));
    assert!(matches!(
        future.exception_timeout(Duration::ZERO),
        Ok(Some(Error::Cancelled))
    ));
}

// F12, F15: test_result_with_cancel, test_exception_with_success; each way to block, each in a thread of its own.
#[test]
fn all_blocked_threads_wake_at_the_end() {
    for begin in ENDS {
        let (future, end) = begin();
        let future = Arc::new(future);
        let all_here = Arc::new(Barrier::new(4));
        let readers: Vec<_> = [
            (|future| drop(future.exception())) as fn(&Future<String>),
            |future| future.wait(),
            |future| assert!(future.wait_timeout(LONG)),
        ]
        .into_iter()
        .map(|look| {
            let (future, here) = (Arc::clone(&future), Arc::clone(&all_here));
            thread::spawn(move || {
                here.wait();
                look(&future);
                assert!(future.done());
            })
        })
        .collect();
        all_here.wait();
        end();
        for reader in readers {
            reader.join().unwrap();
        }
    }
}

// F30: test_swallows_falsey_exceptions (3.14)
#[test]
fn an_error_with_nothing_to_say_is_an_error() {
    let (promise, future) = Promise::<()>::new();
    promise.set_exception("").unwrap();
    assert_eq!(future.exception().unwrap().to_string(), "");
    assert!(future.result().is_err());
}

// F34
#[test]
fn futures_are_equal_by_identity() {
    let (a, b) = (
        InlineExecutor::new().submit(|| 7),
        InlineExecutor::new().submit(|| 7),
    );
    assert!(a == a && a != b);
    assert_eq!(HashSet::from([&a, &b, &a]).len(), 2);
    let shared = a.shared();
    assert!(shared == shared.clone() && shared != b.shared());
}

// F34
#[test]
fn the_hash_of_a_future_stays_the_same() {
    let hasher = RandomState::new();
    let (promise, future) = Promise::new();
    let before = hasher.hash_one(&future);
    promise.set_result(7).unwrap();
    assert_eq!(hasher.hash_one(&future), before);
}

// F35
#[test]
fn a_future_is_typed() {
    let future: Future<Vec<u8>> = InlineExecutor::new().submit(|| vec![7]);
    assert_eq!(future.result().unwrap(), [7]);
}

// F38: test_no_stale_references
#[test]
fn dropping_a_future_neither_cancels_nor_keeps_its_value() {
    let value = Arc::new(7);
    let (promise, future) = Promise::new();
    drop(future);
    assert!(!promise.is_cancelled());
    assert!(promise.set_running_or_notify_cancel());
    promise.set_result(Arc::clone(&value)).unwrap();
    assert_eq!(Arc::strong_count(&value), 1);
}

// F38
#[test]
fn dropping_a_failed_future_reports_nothing() {
    let reports = reports_of(|| {
        drop(InlineExecutor::new().spawn(fallible(|| "x".parse::<u8>())));
        drop(InlineExecutor::new().submit(|| -> u32 { panic!("nobody looks") }));
        let (promise, future) = Promise::<u32>::new();
        drop((promise, future));
    });
    assert_eq!(reports, [""; 0]);
}

#[test]
fn a_value_is_dropped_with_the_future_that_holds_it() {
    let value = Arc::new(7);
    let (promise, future) = Promise::new();
    promise.set_result(Arc::clone(&value)).unwrap();
    assert_eq!(Arc::strong_count(&value), 2);
    drop(future);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn a_value_is_moved_and_never_cloned() {
    #[derive(Debug, PartialEq)]
    struct NotClone(u32);

    let (promise, future) = Promise::new();
    future.add_done_callback(|done| assert_eq!(done.result().unwrap(), &NotClone(7)));
    promise.set_result(NotClone(7)).unwrap();
    assert_eq!(future.peek(|outcome| outcome.unwrap().0), Some(7));
    assert_eq!(future.result().unwrap(), NotClone(7));
}
