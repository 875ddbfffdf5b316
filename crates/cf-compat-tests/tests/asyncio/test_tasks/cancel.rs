//! Cancelling a task from outside.

use aio_bridge::{Error, cancelled, create_task, current_task, fallible, future, timeout};
use tokio::time::Instant;

use crate::{
    clock::{FAR, elapse, ms, paused, settle, turn},
    notes::Notes,
};

// CPython: test_tasks.py BaseTaskTests.test_cancel
// AF03, AF05, AF06, AT05
#[test]
fn a_cancelled_sleep_ends_its_task_as_cancelled() {
    paused(async {
        let begin = Instant::now();
        let mut task = create_task(async {
            elapse(ms(10_000)).await;
            12
        });
        turn().await;
        assert!(task.cancel());
        assert!(!task.cancelled());
        assert!(matches!((&mut task).await, Err(Error::Cancelled)));
        assert!(task.done() && task.cancelled());
        assert!(!task.cancel());
        assert!(begin.elapsed() < ms(1));
    });
}

// CPython: test_tasks.py BaseTaskTests.test_cancelling
// AT09
#[test]
fn requests_are_counted_and_delivered_as_one() {
    paused(async {
        let mut task = create_task(elapse(ms(10_000)));
        turn().await;
        assert_eq!(task.cancelling(), 0);
        assert!(task.cancel());
        assert_eq!(task.cancelling(), 1);
        assert!(task.cancel());
        assert_eq!(task.cancelling(), 2);
        assert!(matches!((&mut task).await, Err(Error::Cancelled)));
        assert!(task.cancelled() && !task.cancel());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_cancel_with_message_before_starting_task
// AT06
// Differs: a cancellation has no message (crates/aio-bridge/tests/compile_fail/cancel_with_a_message.rs).
#[test]
fn a_task_that_is_cancelled_before_its_first_step_never_runs() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let task = create_task(async move { inside.note("ran") });
        assert!(task.cancel());
        assert!(matches!(task.await, Err(Error::Cancelled)));
        settle().await;
        assert_eq!(notes.take(), [""; 0]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_cancel_yield
#[test]
fn a_task_is_cancelled_between_two_yields() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let mut task = create_task(async move {
            for _ in 0..100 {
                turn().await;
            }
            inside.note("ended");
            12
        });
        turn().await;
        assert!(task.cancel());
        assert!(matches!((&mut task).await, Err(Error::Cancelled)));
        assert!(task.done() && task.cancelled() && !task.cancel());
        assert_eq!(notes.take(), [""; 0]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_cancel_inner_future
// AT05, AT11
// Differs: the await gives the cancellation as an error, which ends the task as cancelled where the coroutine passes it on.
#[test]
fn cancelling_the_future_that_a_task_awaits_cancels_the_task() {
    paused(async {
        let (_promise, awaited) = future::<u32>();
        let canceller = awaited.canceller();
        let mut task = create_task(fallible(async move {
            awaited.await?;
            Ok::<_, Error>(12)
        }));
        turn().await;
        assert!(canceller.cancel());
        assert!(matches!((&mut task).await, Err(Error::Cancelled)));
        assert!(canceller.cancelled() && task.cancelled());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_cancel_both_task_and_inner_future
// AT05
#[test]
fn a_task_and_the_future_that_it_awaits_are_cancelled_together() {
    paused(async {
        let (_promise, awaited) = future::<u32>();
        let canceller = awaited.canceller();
        let mut task = create_task(fallible(async move {
            awaited.await?;
            Ok::<_, Error>(12)
        }));
        turn().await;
        canceller.cancel();
        assert!(task.cancel());
        assert!(matches!((&mut task).await, Err(Error::Cancelled)));
        assert!(canceller.done() && canceller.cancelled() && task.cancelled());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_cancel_task_catching
// AT07
// Differs: a task takes notice of its cancellation where it listens with `cancelled()`.
#[test]
fn a_task_that_takes_notice_gives_its_value() {
    paused(async {
        let (promise, first) = future::<u32>();
        let canceller = first.canceller();
        let mut task = create_task(async move {
            tokio::select! {
                biased;
                () = cancelled() => 42,
                value = first => value.unwrap(),
            }
        });
        turn().await;
        task.cancel();
        assert_eq!((&mut task).await.unwrap(), 42);
        assert!(!task.cancelled() && canceller.cancelled());
        drop(promise);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_cancel_task_ignoring
// AT07
// Differs: a task takes notice of its cancellation where it listens with `cancelled()`, and goes on from there.
#[test]
fn a_task_that_took_notice_goes_on_awaiting() {
    paused(async {
        let (_first, one) = future::<u32>();
        let (second, two) = future::<u32>();
        let canceller = one.canceller();
        let mut task = create_task(async move {
            tokio::select! {
                biased;
                () = cancelled() => {}
                _ = one => unreachable!("nobody sets it"),
            }
            two.await.unwrap()
        });
        turn().await;
        task.cancel();
        settle().await;
        assert!(canceller.cancelled() && !task.done());
        second.set_result(42).unwrap();
        assert_eq!((&mut task).await.unwrap(), 42);
        assert!(!task.cancelled());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_task_cancel_sleeping_task
#[test]
fn who_awaits_a_task_that_is_cancelled_lives_on() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::new());
        let inside = notes.clone();
        let sleeping = create_task(elapse(ms(2_000)));
        let canceller = sleeping.canceller();
        let waiting = create_task(async move {
            if matches!(sleeping.await, Err(Error::Cancelled)) {
                inside.note("the sleep was cancelled");
            }
            7
        });
        elapse(ms(10)).await;
        assert!(canceller.cancel());
        assert_eq!(waiting.await.unwrap(), 7);
        assert_eq!(notes.take(), ["the sleep was cancelled"]);
        assert_eq!(begin.elapsed(), ms(10));
    });
}

// CPython: test_tasks.py BaseTaskTests.test_task_cancel_waiter_future
// AT05
#[test]
fn cancelling_a_task_cancels_the_future_that_it_awaits() {
    paused(async {
        let (promise, awaited) = future::<u32>();
        let canceller = awaited.canceller();
        let mut task = create_task(async move { drop(awaited.await) });
        turn().await;
        assert!(!canceller.cancelled());
        task.cancel();
        assert!(matches!((&mut task).await, Err(Error::Cancelled)));
        assert!(canceller.cancelled() && promise.is_cancelled() && task.cancelled());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_yield_future_passes_cancel
// Differs: the inner coroutine takes notice by `cancelled()`, and the outer one sees only what that gives.
#[test]
fn a_cancel_reaches_the_innermost_await_where_it_may_be_caught() {
    paused(async {
        let (_promise, awaited) = future::<u32>();
        let notes = Notes::new();
        let in_inner = notes.clone();
        let inner = async move {
            let _ended = in_inner.at_drop("inner");
            tokio::select! {
                biased;
                () = cancelled() => 1,
                _ = awaited => 0,
            }
        };
        let in_outer = notes.clone();
        let outer = async move {
            let caught = inner.await;
            in_outer.note("outer");
            caught + 1
        };
        let mut task = create_task(outer);
        turn().await;
        task.cancel();
        assert_eq!((&mut task).await.unwrap(), 2);
        assert!(!task.cancelled());
        assert_eq!(notes.take(), ["inner", "outer"]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_cancel_task_ignoring
// AT07
#[test]
fn a_task_that_takes_no_notice_is_dropped_at_its_await() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let task = create_task(async move {
            let _held = inside.at_drop("dropped");
            elapse(FAR).await;
            inside.note("went on");
        });
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.take(), ["dropped"]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_uncancel_structured_blocks
// AT10
// Differs: nothing has to be taken back, because `timeout` ends its block and does not cancel the task.
#[test]
fn a_task_whose_block_was_cut_off_has_no_request_to_take_back() {
    paused(async {
        let request = async |takes: u64, limit: u64| timeout(ms(limit), elapse(ms(takes))).await;
        let task = create_task(async move {
            let in_time = request(1, 10_000).await.is_ok();
            let late = request(10_000, 1).await.is_err();
            elapse(ms(1)).await;
            (in_time, late, current_task().unwrap().cancelling())
        });
        assert_eq!(task.await.unwrap(), (true, true, 0));
    });
}
