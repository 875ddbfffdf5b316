//! Failures of tasks that nobody looked at.

use aio_bridge::{create_task, fallible};

use crate::{
    clock::{paused, settle},
    reports::{assert_reported, reports_of},
};

// CPython: test_tasks.py BaseTaskTests.test_tb_logger_not_called_after_cancel
// AF17
// Differs: the cancel comes too late, is refused, and does not silence the failure.
#[test]
fn a_failure_is_reported_although_the_task_was_cancelled_afterwards() {
    let reports = reports_of(|| {
        paused(async {
            let task = create_task(fallible(async { Err::<(), _>("division by zero") }));
            settle().await;
            assert!(!task.cancel());
        });
    });
    assert_reported(
        &reports,
        &["task exception was never retrieved", "division by zero"],
    );
}

// CPython: test_tasks.py BaseTaskTests.test_tb_logger_not_called_after_cancel
// AF17
#[test]
fn a_task_that_was_cancelled_in_time_leaves_nothing_to_report() {
    let reports = reports_of(|| {
        paused(async {
            let task = create_task(fallible(async { Err::<(), _>("division by zero") }));
            assert!(task.cancel());
            settle().await;
            assert!(task.cancelled());
        });
    });
    assert_eq!(reports, [""; 0]);
}
