//! What is reported when a future is dropped and nobody has looked at its failure.

use aio_bridge::future;

use super::failed;
use crate::reports::{assert_reported, reports_of};

const UNSEEN: &str = "never retrieved";

#[track_caller]
fn assert_silent(f: impl FnOnce()) {
    assert_eq!(reports_of(f), [""; 0]);
}

// CPython: test_futures.py BaseFutureTests.test_tb_logger_abandoned
// AF17
#[test]
fn a_pending_future_is_dropped_in_silence() {
    assert_silent(|| {
        let (_promise, future) = future::<u32>();
        drop(future);
    });
}

// CPython: test_futures.py BaseFutureTests.test_tb_logger_not_called_after_cancel
// AF17
// Differs: the cancel comes too late, is refused, and does not silence the failure.
#[test]
fn a_failure_is_reported_although_it_was_cancelled_afterwards() {
    let reports = reports_of(|| assert!(!failed().cancel()));
    assert_reported(&reports, &[UNSEEN, "no ink"]);
}

// CPython: test_futures.py BaseFutureTests.test_tb_logger_result_unretrieved
// AF17
#[test]
fn a_value_that_nobody_took_is_dropped_in_silence() {
    assert_silent(|| {
        let (promise, _future) = future();
        promise.set_result(42).unwrap();
    });
}

// CPython: test_futures.py BaseFutureTests.test_tb_logger_result_retrieved
// AF17
#[test]
fn a_value_that_was_taken_leaves_nothing_to_report() {
    assert_silent(|| {
        let (promise, mut future) = future();
        promise.set_result(42).unwrap();
        assert_eq!(future.result().unwrap(), 42);
    });
}

// CPython: test_futures.py BaseFutureTests.test_tb_logger_exception_unretrieved
// CPython: test_futures.py BaseFutureTests.test_future_exception_never_retrieved
// AF17
#[test]
fn a_failure_that_nobody_looked_at_is_reported_with_its_text_when_it_is_dropped() {
    let mut kept = None;
    assert_silent(|| kept = Some(failed()));
    let reports = reports_of(|| drop(kept));
    assert_reported(
        &reports,
        &["ERROR", "future exception was never retrieved", "no ink"],
    );
}

// CPython: test_futures.py BaseFutureTests.test_tb_logger_exception_retrieved
// AF17
#[test]
fn asking_for_the_exception_silences_the_report() {
    assert_silent(|| assert!(failed().exception().unwrap().is_some()));
}

// CPython: test_futures.py BaseFutureTests.test_tb_logger_exception_result_retrieved
// AF17
#[test]
fn asking_for_the_result_silences_the_report() {
    assert_silent(|| assert!(failed().result().is_err()));
}
