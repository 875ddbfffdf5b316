//! `Timeout`: what an error says of the time that ran out.

use std::time::Duration;

use cf_core::{ClosureExecutor, Error, InlineExecutor, Promise, TimedOut, Timeout, fallible};

fn of_call() -> Timeout {
    let (ran, limit) = (Duration::from_millis(1020), Duration::from_secs(1));
    Timeout::of_call("my_crate::slow".to_owned(), ran, limit)
}

fn is_same(one: &Timeout, other: &Timeout) -> bool {
    Error::TimedOut(one.clone()).is_same(&Error::TimedOut(other.clone()))
}

#[test]
fn a_timeout_of_a_wait_says_no_more_than_that() {
    assert_eq!(Timeout::default().to_string(), "timed out");
    let (_promise, mut future) = Promise::<u32>::new();
    let timed_out = future.result_timeout(Duration::ZERO).unwrap_err();
    assert_eq!(Error::from(timed_out).to_string(), "timed out");
}

#[test]
fn a_timeout_of_a_set_keeps_its_counts() {
    let error = Error::from(TimedOut::of_set(2, 5));
    assert_eq!(error.to_string(), "2 (of 5) futures unfinished");
}

#[test]
fn a_timeout_of_a_call_says_which_call_and_how_long_it_ran() {
    assert_eq!(
        Error::TimedOut(of_call()).to_string(),
        "`my_crate::slow` ran for 1.02s, its limit was 1s: its worker was killed"
    );
    assert_eq!(of_call().task(), Some("my_crate::slow"));
    assert_eq!(of_call().ran(), Some(Duration::from_millis(1020)));
    assert_eq!(of_call().limit(), Some(Duration::from_secs(1)));
}

#[test]
fn how_long_a_call_ran_is_said_in_few_digits() {
    let ran = Duration::from_nanos(1_234_567_891);
    let limit = Duration::from_millis(1200);
    let text = Timeout::of_call("x::y".to_owned(), ran, limit).to_string();
    assert!(text.contains("ran for 1.23s, its limit was 1.2s"), "{text}");
}

#[test]
fn a_timeout_of_a_wait_names_no_call() {
    for timeout in [Timeout::default(), TimedOut::of_set(2, 5).into()] {
        assert_eq!(timeout.task(), None);
        assert_eq!(timeout.ran(), None);
        assert_eq!(timeout.limit(), None);
    }
}

#[test]
fn timeouts_that_say_something_are_the_same_only_as_clones() {
    let (call, of_set) = (of_call(), Timeout::from(TimedOut::of_set(2, 5)));
    assert!(is_same(&call, &call));
    assert!(!is_same(&call, &of_call()));
    assert!(is_same(&of_set, &of_set));
    assert!(!is_same(&of_set, &TimedOut::of_set(2, 5).into()));
    assert!(!is_same(&call, &of_set));
}

#[test]
fn timeouts_that_say_nothing_are_the_same() {
    let nothing = Timeout::default();
    assert!(is_same(&nothing, &Timeout::default()));
    assert!(is_same(&nothing, &TimedOut::SINGLE.into()));
    assert!(!is_same(&nothing, &of_call()));
    assert!(!is_same(&of_call(), &nothing));
    assert!(!Error::TimedOut(nothing).is_same(&Error::Cancelled));
}

#[test]
fn a_timeout_that_a_callable_returns_stays_itself() {
    let timeout = of_call();
    let error = Error::TimedOut(timeout.clone());
    let future = InlineExecutor::new().spawn(fallible(|| Err::<(), _>(error)));
    let Err(Error::TimedOut(read)) = future.result() else {
        unreachable!("it is to time out")
    };
    assert!(is_same(&read, &timeout));
}
