//! Timeouts in each other, and in the clean-up of what was cancelled.

use aio_bridge::{Error, cancelled, create_task, timeout};
use tokio::time::Instant;

use crate::{
    clock::{FAR, elapse, ms, paused, settle},
    notes::Notes,
};

// CPython: test_timeouts.py TimeoutTests.test_nested_timeouts
// AT42
#[test]
fn of_two_that_expire_the_outer_one_tells() {
    paused(async {
        let notes = Notes::new();
        let (first, second) = (notes.clone(), notes.clone());
        let outer = timeout(ms(10), async move {
            let inner = timeout(ms(20), async move {
                let _ended = first.at_drop("block ended");
                elapse(FAR).await;
            });
            assert!(inner.await.is_err());
            second.note("went on");
        });
        assert!(outer.await.is_err());
        assert_eq!(notes.take(), ["block ended"]);
    });
}

// CPython: test_timeouts.py TimeoutTests.test_nested_timeouts
// AT42
// Differs: where both have expired when the loop comes to look, the inner one tells as well, and the outer at the next await.
#[test]
fn of_two_that_expire_together_the_outer_one_tells_at_the_next_await() {
    paused(async {
        let notes = Notes::new();
        let outer = timeout(ms(10), async {
            if timeout(ms(10), elapse(FAR)).await.is_err() {
                notes.note("inner late");
            }
            elapse(ms(1)).await;
            notes.note("went on");
        });
        assert!(outer.await.is_err());
        assert_eq!(notes.take(), ["inner late"]);
    });
}

// CPython: test_timeouts.py TimeoutTests.test_nested_timeouts_concurrent
// AT42
// Differs: only an await is cut off, so a loop that was busy for too long lets both tell in turn.
#[test]
fn an_inner_one_tells_although_the_outer_expired_while_the_loop_was_busy() {
    paused(async {
        let notes = Notes::new();
        let outer = timeout(ms(2), async {
            let inner = timeout(ms(1), async {
                // Computing for longer than both have: nobody looks at the clock.
                tokio::time::advance(ms(10)).await;
                elapse(FAR).await;
            });
            if inner.await.is_err() {
                notes.note("inner late");
            }
            elapse(ms(1)).await;
            notes.note("went on");
        });
        assert!(outer.await.is_err());
        assert_eq!(notes.take(), ["inner late"]);
    });
}

// CPython: test_timeouts.py TimeoutTests.test_nested_timeouts_loop_busy
// AT42
#[test]
fn an_outer_one_expires_also_after_the_inner_was_dealt_with() {
    paused(async {
        let begin = Instant::now();
        let notes = Notes::new();
        let outer = timeout(ms(100), async {
            assert!(timeout(ms(10), elapse(FAR)).await.is_err());
            notes.note("inner late");
            elapse(ms(1_000)).await;
            notes.note("went on");
        });
        assert!(outer.await.is_err());
        assert_eq!(notes.take(), ["inner late"]);
        assert_eq!(begin.elapsed(), ms(100));
    });
}

// CPython: test_timeouts.py TimeoutTests.test_nested_timeout_in_finally
// AT42
// Differs: a block cleans up with awaits only where it listens with `cancelled()`, and tells by its value how that went.
#[test]
fn a_clean_up_can_be_limited_in_its_turn() {
    paused(async {
        let begin = Instant::now();
        let outer = timeout(ms(10), async {
            cancelled().await;
            timeout(ms(10), elapse(FAR)).await.is_err()
        });
        assert_eq!(outer.await, Ok(true));
        assert_eq!(begin.elapsed(), ms(20));
    });
}

// CPython: test_timeouts.py TimeoutTests.test_timeout_after_cancellation
// Differs: the task takes notice with `cancelled()`.
#[test]
fn a_timeout_works_in_a_task_that_has_taken_notice_of_its_cancellation() {
    paused(async {
        let task = create_task(async {
            cancelled().await;
            timeout(ms(10), elapse(FAR)).await.is_err()
        });
        settle().await;
        task.cancel();
        assert!(task.await.unwrap());
    });
}

// CPython: test_timeouts.py TimeoutTests.test_cancel_in_timeout_after_cancellation
// AT42
// Differs: the task takes notice with `cancelled()`.
#[test]
fn a_second_cancel_in_such_a_timeout_stays_a_cancel() {
    paused(async {
        let task = create_task(async {
            cancelled().await;
            timeout(ms(1_000), elapse(FAR)).await.is_err()
        });
        settle().await;
        task.cancel();
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
    });
}
