//! `peek`: looking at an outcome without taking it, while others look, wait, take or call back.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use cf_core::{ClosureExecutor, Error, InlineExecutor, Promise, fallible};

use crate::gate::{Gate, ends};

#[test]
fn it_shows_the_outcome_and_leaves_it_there() {
    let mut future = InlineExecutor.spawn(|| String::from("seven"));
    assert_eq!(future.peek(|it| it.unwrap().len()), Some(5));
    assert_eq!(future.peek(|it| it.unwrap().len()), Some(5));
    assert_eq!(future.try_result().unwrap().unwrap(), "seven");
    let failed = InlineExecutor.spawn(fallible(|| Err::<u32, _>("no luck")));
    assert_eq!(
        failed.peek(|it| it.unwrap_err().to_string()).unwrap(),
        "no luck"
    );
    assert!(failed.exception().is_some());
}

#[test]
fn it_shows_a_cancelled_one_as_an_error() {
    let (_promise, future) = Promise::<u32>::new();
    assert!(future.cancel());
    assert!(
        future
            .peek(|it| matches!(it, Err(Error::Cancelled)))
            .unwrap()
    );
}

#[test]
fn of_a_pending_or_running_one_there_is_nothing_to_see() {
    let (promise, future) = Promise::new();
    assert!(future.peek(|_| panic!("not to be called")).is_none());
    assert!(promise.set_running_or_notify_cancel());
    assert!(future.peek(|_| panic!("not to be called")).is_none());
    promise.set_result(7).unwrap();
    assert_eq!(future.peek(|it| *it.unwrap()), Some(7));
}

#[test]
fn nothing_is_left_to_see_once_the_value_was_taken() {
    let mut future = InlineExecutor.spawn(|| 7);
    assert_eq!(future.try_result().unwrap().unwrap(), 7);
    assert_eq!(future.peek(|_| ()), None);
}

#[test]
fn looking_while_looking_shows_nothing_and_does_not_hang() {
    ends(|| {
        let future = InlineExecutor.spawn(|| 7);
        let inner = future.peek(|_| future.peek(|_| ()));
        assert_eq!(inner, Some(None));
        assert_eq!(future.peek(|it| *it.unwrap()), Some(7));
    });
}

#[test]
fn a_panic_while_looking_leaves_the_outcome_there() {
    let future = InlineExecutor.spawn(|| 7);
    let look = || future.peek(|_| panic!("in the look"));
    assert!(catch_unwind(AssertUnwindSafe(look)).is_err());
    assert_eq!(future.peek(|it| *it.unwrap()), Some(7));
    assert_eq!(future.result().unwrap(), 7);
}

#[test]
fn all_that_does_not_take_the_value_answers_while_looking() {
    ends(|| {
        let failed = InlineExecutor.spawn(fallible(|| Err::<u32, _>("no luck")));
        failed.peek(|_| {
            assert!(failed.done() && !failed.running() && !failed.cancelled() && !failed.cancel());
            assert_eq!(failed.exception().unwrap().to_string(), "no luck");
            failed.wait();
        });
        let future = InlineExecutor.spawn(|| 7);
        assert!(future.peek(|_| future.exception().is_none()).unwrap());
    });
}

#[test]
fn another_thread_may_ask_for_the_exception_meanwhile() {
    ends(|| {
        let failed = InlineExecutor.spawn(fallible(|| Err::<u32, _>("no luck")));
        failed.peek(|_| {
            thread::scope(|scope| {
                let text = scope.spawn(|| failed.exception().unwrap().to_string());
                assert_eq!(text.join().unwrap(), "no luck");
                assert!(scope.spawn(|| failed.done()).join().unwrap());
            });
        });
    });
}

#[test]
fn a_callback_added_while_looking_is_called_when_the_look_ends() {
    ends(|| {
        let future = InlineExecutor.spawn(|| 7);
        let seen = Arc::new(AtomicUsize::new(0));
        let at_callback = Arc::clone(&seen);
        future.peek(|_| {
            future.add_done_callback(move |done| {
                at_callback.store(*done.result().unwrap(), Ordering::Relaxed);
            });
        });
        assert_eq!(seen.load(Ordering::Relaxed), 7);
        assert_eq!(future.result().unwrap(), 7);
    });
}

#[test]
fn a_second_thread_looks_when_the_first_has_looked() {
    ends(|| {
        let future = InlineExecutor.spawn(|| 7);
        let (looks, goes_on) = (Gate::new(), Gate::new());
        thread::scope(|scope| {
            let first = scope.spawn(|| {
                future.peek(|it| {
                    looks.open();
                    goes_on.pass();
                    *it.unwrap()
                })
            });
            looks.pass();
            let second = scope.spawn(|| future.peek(|it| *it.unwrap()));
            let third = scope.spawn(|| future.peek(|it| *it.unwrap()));
            goes_on.open();
            for look in [first, second, third] {
                assert_eq!(look.join().unwrap(), Some(7));
            }
        });
    });
}

#[test]
fn many_threads_look_and_call_back_and_ask_at_once() {
    ends(|| {
        for _ in 0..50 {
            let (promise, future) = Promise::new();
            let n_calls = AtomicUsize::new(0);
            let n_calls = Arc::new(n_calls);
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        while future.peek(|it| assert_eq!(*it.unwrap(), 7)).is_none() {
                            thread::yield_now();
                        }
                        for _ in 0..50 {
                            assert!(future.peek(|it| assert_eq!(*it.unwrap(), 7)).is_some());
                        }
                    });
                    scope.spawn(|| {
                        for _ in 0..50 {
                            let n_calls = Arc::clone(&n_calls);
                            future.add_done_callback(move |done| {
                                assert_eq!(*done.result().unwrap(), 7);
                                n_calls.fetch_add(1, Ordering::Relaxed);
                            });
                        }
                    });
                    scope.spawn(|| (0..50).for_each(|_| assert!(future.exception().is_none())));
                }
                scope.spawn(|| promise.set_result(7).unwrap());
            });
            assert_eq!(n_calls.load(Ordering::Relaxed), 100);
            assert_eq!(future.result().unwrap(), 7);
        }
    });
}
