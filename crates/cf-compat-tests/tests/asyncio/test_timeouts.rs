//! test_asyncio/test_timeouts.py: a limit of time on a block; nested ones and clean-ups are below.

mod moved;
mod nested;

use std::time::Duration;

use aio_bridge::{
    Deadline, Error, TaskGroup, TimedOut, create_task, fallible, timeout, timeout_at,
};
use tokio::time::Instant;

use crate::{
    clock::{FAR, after, elapse, ms, one_thread, paused, settle, turn},
    notes::Notes,
};

// CPython: test_timeouts.py TimeoutTests.test_timeout_basic
// AT41
// Differs: the block is passed, and its outcome is the error; there is no `expired()` beside it.
#[test]
fn a_block_that_is_late_is_cut_off() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::new());
        let late = timeout(ms(10), async {
            elapse(ms(10_000)).await;
            notes.note("went on");
        });
        let TimedOut { .. } = late.await.unwrap_err();
        assert_eq!((begin.elapsed(), notes.take()), (ms(10), vec![]));
    });
}

// CPython: test_timeouts.py TimeoutTests.test_timeout_at_basic
// AT41
#[test]
fn a_block_is_cut_off_at_a_time() {
    paused(async {
        let deadline = Instant::now() + ms(10);
        assert!(timeout_at(deadline, elapse(ms(10_000))).await.is_err());
        assert_eq!(Instant::now(), deadline);
    });
}

// CPython: test_timeouts.py TimeoutTests.test_waiter_cancelled
// AT41
// Differs: the block sees no exception; it is dropped at its await.
#[test]
fn a_block_that_is_cut_off_drops_what_it_holds() {
    paused(async {
        let notes = Notes::new();
        let late = timeout(ms(10), async {
            let _cancelled = notes.at_drop("cancelled");
            elapse(ms(10_000)).await;
        });
        assert!(late.await.is_err());
        assert_eq!(notes.take(), ["cancelled"]);
    });
}

// CPython: test_timeouts.py TimeoutTests.test_timeout_not_called
// AT41
#[test]
fn a_block_that_is_in_time_is_not_cut_off() {
    paused(async {
        let begin = Instant::now();
        let in_time = timeout(ms(10_000), async {
            elapse(ms(10)).await;
            "done"
        });
        assert_eq!(in_time.await, Ok("done"));
        assert_eq!(begin.elapsed(), ms(10));
    });
}

// CPython: test_timeouts.py TimeoutTests.test_timeout_disabled
// AT41
#[test]
fn without_a_time_a_block_is_never_cut_off() {
    paused(async {
        assert_eq!(timeout(None, elapse(ms(60_000))).await, Ok(()));
    });
}

// CPython: test_timeouts.py TimeoutTests.test_timeout_at_disabled
// AT41
#[test]
fn with_a_deadline_that_never_comes_a_block_is_never_cut_off() {
    paused(async {
        let never = Deadline::never();
        assert!(never.when().is_none());
        assert_eq!(timeout_at(never, elapse(ms(60_000))).await, Ok(()));
    });
}

// CPython: test_timeouts.py TimeoutTests.test_timeout_zero
// AT41
#[test]
fn a_time_of_zero_cuts_off_at_the_first_await() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::new());
        let late = timeout(Duration::ZERO, async {
            notes.note("before the await");
            elapse(ms(10)).await;
            notes.note("after the await");
        });
        assert!(late.await.is_err());
        assert_eq!(notes.take(), ["before the await"]);
        assert_eq!(begin.elapsed(), Duration::ZERO);
    });
}

// CPython: test_timeouts.py TimeoutTests.test_timeout_zero_sleep_zero
// AT41
// Differs: one pass of the loop is over when the block is told to end, and it gets through; the next await is the end.
#[test]
fn a_time_of_zero_is_not_passed_by_one_turn_after_the_other() {
    paused(async {
        let notes = Notes::new();
        let late = timeout(Duration::ZERO, async {
            for _ in 0..3 {
                turn().await;
                notes.note("turn");
            }
        });
        assert!(late.await.is_err());
        assert_eq!(notes.take(), ["turn"]);
    });
}

// CPython: test_timeouts.py TimeoutTests.test_timeout_in_the_past_sleep_zero
// AT41
// Differs: a time below zero does not compile (crates/cf-core/tests/compile_fail/negative_timeout.rs); a time that is over does.
#[test]
fn a_time_that_is_over_is_as_a_time_of_zero() {
    paused(async {
        elapse(ms(20)).await;
        let past = Instant::now() - ms(11);
        let late = timeout_at(past, async {
            turn().await;
            turn().await;
        });
        assert!(late.await.is_err());
        assert_eq!(Instant::now(), past + ms(11));
    });
}

// CPython: test_timeouts.py TimeoutTests.test_foreign_exception_passed
// AT41
#[test]
fn a_failure_of_the_block_passes_through() {
    paused(async {
        let failed = timeout(ms(10), async { Err::<(), _>("key") });
        assert_eq!(failed.await, Ok(Err("key")));
    });
}

// CPython: test_timeouts.py TimeoutTests.test_foreign_cancel_doesnt_timeout_if_not_expired
// AT42
#[test]
fn a_block_that_is_cancelled_from_outside_is_not_late() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let task = create_task(async move {
            let _ended = inside.at_drop("cancelled");
            let late = timeout(ms(1_000), std::future::pending::<()>()).await;
            inside.note(if late.is_err() { "late" } else { "in time" });
        });
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.take(), ["cancelled"]);
    });
}

// CPython: test_timeouts.py TimeoutTests.test_foreign_cancel_doesnt_timeout_if_not_expired
// AT42
#[test]
fn a_block_that_fails_with_a_cancellation_is_not_late() {
    paused(async {
        let own = timeout(ms(10), async { Err::<(), _>(Error::Cancelled) }).await;
        assert!(matches!(own, Ok(Err(Error::Cancelled))));
    });
}

// CPython: test_timeouts.py TimeoutTests.test_outer_task_is_not_cancelled
// AT41
#[test]
fn a_task_that_dealt_with_its_timeout_is_not_cancelled() {
    paused(async {
        let mut task = create_task(async {
            assert!(timeout(ms(1), elapse(FAR)).await.is_err());
            elapse(ms(1)).await;
            "went on"
        });
        assert_eq!((&mut task).await.unwrap(), "went on");
        assert!(!task.cancelled());
        assert_eq!(task.cancelling(), 0);
    });
}

// CPython: test_timeouts.py TimeoutTests.test_timeout_without_task
// AT41
// Differs: a block is limited wherever a loop polls it, also outside of a task.
#[test]
fn a_block_is_limited_outside_of_a_task() {
    let late = one_thread().block_on(async {
        assert!(aio_bridge::current_task().is_none());
        timeout(ms(1), std::future::pending::<()>()).await
    });
    assert!(late.is_err());
}

// CPython: test_timeouts.py TimeoutTests.test_timeout_taskgroup
// AT41, AT45
// Differs: an error has no chain of contexts; the group gives the failure of its task alone.
#[test]
fn a_group_that_is_cut_off_gives_the_failures_of_its_tasks() {
    paused(async {
        let group = TaskGroup::scope(|group| async move {
            let failing = fallible_clean_up("division by zero");
            drop(group.create_task(failing)?);
            elapse(ms(10_000)).await;
            Ok::<_, Error>(())
        });
        let error = timeout(ms(10), group).await.unwrap().unwrap_err();
        assert_eq!(error.errors().len(), 1);
        assert_eq!(error.errors()[0].to_string(), "division by zero");
    });
}

/// What fails like this when it is cancelled.
async fn fallible_clean_up(text: &'static str) -> Result<(), &'static str> {
    aio_bridge::cancelled().await;
    Err(text)
}

// CPython: test_timeouts.py TimeoutTests.test_foreign_exception_on_timeout
// AT41
// Differs: the block is told of the time by `cancelled()`, and its failure has no context.
#[test]
fn a_failure_in_the_clean_up_takes_the_place_of_the_timeout() {
    paused(async {
        let failed = timeout(ms(10), fallible_clean_up("division by zero"));
        assert_eq!(failed.await, Ok(Err("division by zero")));
    });
}

// CPython: test_timeouts.py TimeoutTests.test_foreign_exception_on_timeout_2
// AT41
// Differs: the block is told of the time by `cancelled()`, and its failure has no context: what failed before is not kept.
#[test]
fn the_last_failure_of_several_in_the_clean_up_is_told() {
    paused(async {
        let failed = timeout(ms(10), async {
            let inner = create_task(fallible(fallible_clean_up("division by zero")));
            match inner.await {
                Err(error) if error.to_string() == "division by zero" => Err("key"),
                other => Ok(other),
            }
        });
        assert!(matches!(failed.await, Ok(Err("key"))));
    });
}

// CPython: test_timeouts.py TimeoutTests.test_repr_active
// CPython: test_timeouts.py TimeoutTests.test_repr_finished
// CPython: test_timeouts.py TimeoutTests.test_repr_expired
// Differs: the text says when and whether it has expired, and of a finished one no more than of an active one.
#[test]
fn the_debug_text_says_whether_it_has_expired() {
    paused(async {
        let mut late = Box::pin(timeout(ms(10), after(10_000, ())));
        assert!(format!("{late:?}").contains("expired: false"), "{late:?}");
        assert!((&mut late).await.is_err());
        assert!(format!("{late:?}").contains("expired: true"), "{late:?}");

        let mut in_time = Box::pin(timeout(ms(10_000), after(10, ())));
        assert!((&mut in_time).await.is_ok());
        assert!(
            format!("{in_time:?}").contains("expired: false"),
            "{in_time:?}"
        );
    });
}

// CPython: test_timeouts.py TimeoutTests.test_repr_disabled
#[test]
fn the_debug_text_says_that_there_is_no_limit() {
    let text = format!("{:?}", timeout(None, async {}));
    assert!(text.contains("Deadline(None)"), "{text}");
}
