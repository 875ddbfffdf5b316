//! What `{:?}` shows: the state and the type of a value, never the value.

use cf_core::{Error, Executor, Future, InlineExecutor, Promise, TimedOut, fallible};

/// Shown to nobody: it has no `Debug`.
struct Secret;

// F33, F01: test_repr; each state.
#[test]
fn a_future_shows_its_state_and_the_type_of_its_value() {
    let (promise, future) = Promise::<Secret>::new();
    assert_eq!(format!("{future:?}"), "<Future pending>");
    assert!(promise.set_running_or_notify_cancel());
    assert_eq!(format!("{future:?}"), "<Future running>");
    promise.set_result(Secret).unwrap();
    let finished = format!("<Future finished: {}>", std::any::type_name::<Secret>());
    assert_eq!(format!("{future:?}"), finished);

    let (promise, future) = Promise::<Secret>::new();
    assert!(future.cancel());
    assert_eq!(format!("{future:?}"), "<Future cancelled>");
    assert!(!promise.set_running_or_notify_cancel());
    assert_eq!(format!("{future:?}"), "<Future cancelled>");
}

// F33
#[test]
fn a_failed_future_shows_the_kind_of_its_error() {
    let (promise, future) = Promise::<Secret>::new();
    promise.set_exception("a secret").unwrap();
    assert_eq!(format!("{future:?}"), "<Future failed: exception>");

    let future: Future<Secret> = InlineExecutor::new().submit(|| panic!("a secret"));
    assert_eq!(format!("{future:?}"), "<Future failed: panic>");

    let (promise, future) = Promise::<Secret>::new();
    drop(promise);
    assert_eq!(format!("{future:?}"), "<Future failed: error>");
}

// F33
#[test]
fn a_future_still_shows_its_state_when_its_value_was_taken() {
    let (promise, mut future) = Promise::new();
    promise.set_result(7_u8).unwrap();
    assert_eq!(future.try_result().unwrap().unwrap(), 7);
    assert_eq!(format!("{future:?}"), "<Future finished: u8>");
}

// F33
#[test]
fn the_other_handles_show_their_state_too() {
    let (promise, future) = Promise::<Secret>::new();
    let canceller = future.canceller();
    assert_eq!(format!("{canceller:?}"), "<Canceller pending>");
    assert_eq!(format!("{promise:?}"), "Promise { phase: Pending, .. }");
    assert!(canceller.cancel());
    assert_eq!(format!("{canceller:?}"), "<Canceller cancelled>");
    assert_eq!(format!("{promise:?}"), "Promise { phase: Cancelled, .. }");
}

#[test]
fn what_a_callback_gets_shows_no_value() {
    let future = InlineExecutor::new().submit(|| Secret);
    future.add_done_callback(|done| {
        let shown = format!("{done:?}");
        assert!(shown.contains("Secret") && shown.contains("cancelled: false"));
    });
    assert!(future.result().is_ok());
}

#[test]
fn what_was_refused_is_not_shown() {
    let (promise, future) = Promise::new();
    assert!(future.cancel());
    let refused = promise.set_result("a secret").unwrap_err();
    assert_eq!(format!("{refused:?}"), "InvalidState(..)");
}

#[test]
fn errors_show_what_they_carry() {
    let failed = InlineExecutor::new().submit(fallible(|| "x".parse::<u8>()));
    let error = failed.result().unwrap_err();
    assert_eq!(
        format!("{error:?}"),
        "Raised(ParseIntError { kind: InvalidDigit })"
    );
    let panicked = InlineExecutor::new().submit(|| -> u8 { panic!("boom") });
    let shown = format!("{:?}", panicked.result().unwrap_err());
    assert!(shown.starts_with("Panicked(Panic { message: \"boom\", thread: \""));
    assert_eq!(format!("{:?}", Error::Cancelled), "Cancelled");
    let (_promise, mut pending) = Promise::<u8>::new();
    let timed_out: TimedOut = pending
        .result_timeout(std::time::Duration::ZERO)
        .unwrap_err();
    assert!(format!("{timed_out:?}").starts_with("TimedOut {"));
}
