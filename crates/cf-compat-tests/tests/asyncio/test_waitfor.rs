//! test_asyncio/test_waitfor.py: one awaitable, for a limited time.

use std::time::Duration;

use aio_bridge::{
    Error, Task, TimedOut, cancelled, create_task, fallible, future, shield, wait_for,
};
use tokio::time::Instant;

use crate::{
    clock::{FAR, after, elapse, ms, paused, settle, turn},
    notes::Notes,
};

/// A task that cleans up for that long when it is cancelled, and ends as cancelled then.
fn cleaning_up(time: u64, notes: &Notes) -> Task<()> {
    let notes = notes.clone();
    create_task(fallible(async move {
        notes.note("started");
        cancelled().await;
        elapse(ms(time)).await;
        notes.note("cleaned up");
        Err(Error::Cancelled)
    }))
}

/// A task that takes no notice of its cancellation but for giving another value.
fn ignoring(time: u64, value: u32) -> Task<u32> {
    create_task(async move {
        cancelled().await;
        elapse(ms(time)).await;
        value
    })
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_asyncio_wait_for_cancelled
// AT40
#[test]
fn a_cancelled_wait_ends_when_the_task_has_cleaned_up() {
    paused(async {
        let notes = Notes::new();
        let inner = cleaning_up(100, &notes);
        let waiting = create_task(async move { drop(wait_for(inner, FAR).await) });
        settle().await;
        assert_eq!(notes.take(), ["started"]);
        waiting.cancel();
        assert!(matches!(waiting.await, Err(Error::Cancelled)));
        assert_eq!(notes.take(), ["cleaned up"]);
    });
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_asyncio_wait_for_timeout
// AT37
#[test]
fn a_wait_that_is_late_ends_when_the_task_has_cleaned_up() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::new());
        let late = wait_for(cleaning_up(100, &notes), ms(10)).await;
        assert!(late.is_err());
        assert_eq!(notes.take(), ["started", "cleaned up"]);
        assert_eq!(begin.elapsed(), ms(110));
    });
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_wait_for_timeout_less_then_0_or_0_future_done
// AT38
// Differs: a time below zero does not compile (crates/cf-core/tests/compile_fail/negative_timeout.rs).
#[test]
fn a_time_of_zero_gives_what_is_there() {
    paused(async {
        let begin = Instant::now();
        let (promise, future) = future();
        promise.set_result("done").unwrap();
        assert_eq!(
            wait_for(future, Duration::ZERO).await.unwrap().unwrap(),
            "done"
        );
        assert_eq!(begin.elapsed(), Duration::ZERO);
    });
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_wait_for_timeout_less_then_0_or_0_coroutine_do_not_started
// AT38
#[test]
fn a_time_of_zero_does_not_start_a_coroutine() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let never = wait_for(async move { inside.note("started") }, Duration::ZERO);
        assert!(never.await.is_err());
        settle().await;
        assert_eq!(notes.take(), [""; 0]);
    });
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_wait_for_timeout_less_then_0_or_0
// AT38
#[test]
fn a_time_of_zero_cancels_a_task_that_runs() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::new());
        let inside = notes.clone();
        let task = create_task(async move {
            inside.note("started");
            let _stopped = inside.at_drop("stopped");
            elapse(ms(200)).await;
            inside.note("finished");
        });
        turn().await;
        assert_eq!(notes.take(), ["started"]);
        assert!(wait_for(task, Duration::ZERO).await.is_err());
        assert_eq!(notes.take(), ["stopped"]);
        assert_eq!(begin.elapsed(), Duration::ZERO);
    });
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_wait_for
// AT36
#[test]
fn a_task_that_is_late_has_run_its_clean_up() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::new());
        let inside = notes.clone();
        let task = create_task(async move {
            let _stopped = inside.at_drop("stopped");
            elapse(ms(200)).await;
            inside.note("finished");
        });
        let canceller = task.canceller();
        assert!(wait_for(task, ms(100)).await.is_err());
        assert_eq!((notes.take(), canceller.cancelling()), (vec!["stopped"], 1));
        assert_eq!(begin.elapsed(), ms(100));
    });
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_wait_for_blocking
// AT39
#[test]
fn without_a_time_it_waits() {
    paused(async {
        let done = wait_for(after(60_000, "done"), None).await;
        assert_eq!(done.unwrap().unwrap(), "done");
    });
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_wait_for_race_condition
#[test]
fn a_result_that_a_callback_sets_in_time_is_given() {
    paused(async {
        let (promise, future) = future();
        let setter = create_task(async move {
            elapse(ms(100)).await;
            promise.set_result("ok").unwrap();
        });
        assert_eq!(wait_for(future, ms(200)).await.unwrap().unwrap(), "ok");
        setter.await.unwrap();
    });
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_wait_for_cancellation_race_condition
// AT37
#[test]
fn a_task_that_swallows_the_cancellation_of_its_timeout_has_its_value_given() {
    paused(async {
        let given = wait_for(ignoring(0, 7), ms(100)).await;
        assert_eq!(given.unwrap().unwrap(), 7);
    });
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_wait_for_waits_for_task_cancellation
// AT36
// Differs: the error is `TimedOut` and has no cause.
#[test]
fn the_task_is_done_when_the_timeout_is_told() {
    paused(async {
        let notes = Notes::new();
        let task = cleaning_up(200, &notes);
        let canceller = task.canceller();
        let TimedOut { .. } = wait_for(task, ms(100)).await.unwrap_err();
        assert_eq!(notes.take(), ["started", "cleaned up"]);
        assert!(!canceller.cancel());
    });
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_wait_for_waits_for_task_cancellation_w_timeout_0
// AT36, AT38
#[test]
fn with_a_time_of_zero_the_clean_up_is_waited_for_as_well() {
    paused(async {
        let notes = Notes::new();
        let task = cleaning_up(100, &notes);
        settle().await;
        assert!(wait_for(task, Duration::ZERO).await.is_err());
        assert_eq!(notes.take(), ["started", "cleaned up"]);
    });
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_wait_for_reraises_exception_during_cancellation
// AT37
#[test]
fn a_failure_during_the_clean_up_takes_the_place_of_the_timeout() {
    paused(async {
        let task = create_task(fallible(async {
            cancelled().await;
            elapse(ms(10)).await;
            Err::<(), _>("raised while it cleaned up")
        }));
        let failed = wait_for(task, ms(100)).await.unwrap().unwrap_err();
        assert_eq!(failed.to_string(), "raised while it cleaned up");
    });
}

/// Cancels a wait of that length for a task that sleeps.
fn cancel_a_wait_of(time: Option<Duration>) {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let waiting = create_task(async move {
            let inner = create_task(async move {
                inside.note("started");
                let _stopped = inside.at_drop("stopped");
                elapse(ms(1_000)).await;
                inside.note("finished");
            });
            drop(wait_for(inner, time).await);
        });
        settle().await;
        assert_eq!(notes.take(), ["started"]);
        assert!(waiting.cancel());
        assert!(matches!(waiting.await, Err(Error::Cancelled)));
        assert_eq!(notes.take(), ["stopped"]);
    });
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_cancel_blocking_wait_for
// AT40
#[test]
fn cancelling_a_wait_without_end_cancels_the_task() {
    cancel_a_wait_of(None);
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_cancel_wait_for
// AT40
#[test]
fn cancelling_a_wait_with_an_end_cancels_the_task() {
    cancel_a_wait_of(Some(ms(60_000)));
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_wait_for_cancel_suppressed
// AT37
#[test]
fn a_task_that_gives_a_value_in_spite_of_it_all_has_that_given_late() {
    paused(async {
        let begin = Instant::now();
        let given = wait_for(ignoring(50, 42), ms(100)).await;
        assert_eq!(given.unwrap().unwrap(), 42);
        assert_eq!(begin.elapsed(), ms(150));
    });
}

// CPython: test_waitfor.py AsyncioWaitForTest.test_wait_for_issue86296
// AT40
#[test]
fn a_cancel_wins_over_a_value_that_came_in_the_same_turn() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let waiting = create_task(async move {
            let noting = inside.clone();
            let inner = create_task(async move { noting.note("inner done") });
            wait_for(inner, ms(100)).await.unwrap().unwrap();
            elapse(ms(1)).await;
            inside.note("reached the end");
        });
        // Its first step, and that of the inner task.
        turn().await;
        turn().await;
        waiting.cancel();
        assert!(matches!(waiting.await, Err(Error::Cancelled)));
        assert_eq!(notes.take(), ["inner done"]);
    });
}

/// A task that gives its value by way of a promise, so that it can be seen when the task itself is given away.
fn telling(time: u64) -> (Task<()>, aio_bridge::AioFuture<&'static str>) {
    let (promise, told) = future();
    let task = create_task(async move {
        elapse(ms(time)).await;
        promise.set_result("done").unwrap();
    });
    (task, told)
}

// CPython: test_waitfor.py WaitForShieldTests.test_zero_timeout
// AT38, AT43
#[test]
fn a_shield_without_time_leaves_the_task_running() {
    paused(async {
        let (task, told) = telling(10);
        let canceller = task.canceller();
        assert!(wait_for(shield(task), Duration::ZERO).await.is_err());
        assert!(!told.done());
        assert_eq!(told.await.unwrap(), "done");
        assert_eq!(canceller.cancelling(), 0);
    });
}

// CPython: test_waitfor.py WaitForShieldTests.test_none_timeout
// AT39
#[test]
fn a_shield_with_all_the_time_gives_the_value() {
    paused(async {
        let given = wait_for(shield(after(100, "done")), None).await;
        assert_eq!(given.unwrap().unwrap(), "done");
    });
}

// CPython: test_waitfor.py WaitForShieldTests.test_shielded_timeout
// AT43
#[test]
fn a_shield_that_is_late_leaves_the_task_running() {
    paused(async {
        let (task, told) = telling(100);
        let canceller = task.canceller();
        assert!(wait_for(shield(task), ms(50)).await.is_err());
        assert!(!told.done());
        assert_eq!(told.await.unwrap(), "done");
        assert_eq!(canceller.cancelling(), 0);
    });
}
