//! Deadlines that are moved.

use std::time::Duration;

use aio_bridge::{Deadline, Error, create_task, timeout_at};
use tokio::time::Instant;

use crate::{
    clock::{elapse, ms, paused, settle},
    notes::Notes,
};

// CPython: test_timeouts.py TimeoutTests.test_reschedule
// AT41
#[test]
fn a_deadline_is_moved_and_taken_away_while_the_block_runs() {
    paused(async {
        let begin = Instant::now();
        let deadline = Deadline::after(ms(10));
        assert_eq!(deadline.when(), Some(begin + ms(10)));
        let (its, notes) = (deadline.clone(), Notes::new());
        let inside = notes.clone();
        let task = create_task(async move {
            let late = timeout_at(its, std::future::pending::<()>()).await;
            inside.note(if late.is_err() { "late" } else { "in time" });
        });
        settle().await;
        deadline.reschedule(ms(1_000));
        assert_eq!(deadline.when(), Some(begin + ms(1_001)));
        elapse(ms(500)).await;
        deadline.reschedule(None);
        assert_eq!(deadline.when(), None);
        elapse(ms(60_000)).await;
        assert!(!task.done());
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.take(), [""; 0]);
    });
}

// CPython: test_timeouts.py TimeoutTests.test_reschedule
// AT41
#[test]
fn a_deadline_is_moved_closer_while_the_block_runs() {
    paused(async {
        let begin = Instant::now();
        let deadline = Deadline::never();
        let moved = deadline.clone();
        let mover = create_task(async move {
            elapse(ms(5)).await;
            moved.reschedule(ms(10));
        });
        assert!(timeout_at(deadline, elapse(ms(10_000))).await.is_err());
        assert_eq!(begin.elapsed(), ms(15));
        mover.await.unwrap();
    });
}

// CPython: test_timeouts.py TimeoutTests.test_timeout_not_entered
// AT41
// Differs: a deadline can be moved before its block begins.
#[test]
fn a_deadline_is_moved_before_the_block_begins() {
    paused(async {
        let deadline = Deadline::after(ms(10));
        let limited = timeout_at(deadline.clone(), elapse(ms(100)));
        deadline.reschedule(ms(1_000));
        assert_eq!(limited.await, Ok(()));
    });
}

// CPython: test_timeouts.py TimeoutTests.test_timeout_finished
// AT41
// Differs: it may be moved then as well, which has no effect.
#[test]
fn a_deadline_that_is_moved_after_the_block_changes_nothing() {
    paused(async {
        let deadline = Deadline::after(ms(10));
        let mut limited = Box::pin(timeout_at(deadline.clone(), elapse(ms(1))));
        assert_eq!((&mut limited).await, Ok(()));
        deadline.reschedule(Duration::ZERO);
        elapse(ms(100)).await;
        assert_eq!(deadline.when(), Some(Instant::now() - ms(100)));
    });
}

// CPython: test_timeouts.py TimeoutTests.test_timeout_expired
// CPython: test_timeouts.py TimeoutTests.test_timeout_expiring
// AT41
// Differs: it may be moved once it has expired, too late, and has no effect then.
#[test]
fn a_deadline_that_is_moved_once_it_has_expired_changes_nothing() {
    paused(async {
        let (begin, deadline) = (Instant::now(), Deadline::after(ms(10)));
        let block = async {
            let cleaning = create_task(async {
                aio_bridge::cancelled().await;
                elapse(ms(100)).await;
            });
            drop(cleaning.await);
            // What it awaited took no notice: here it ends.
            elapse(ms(10_000)).await;
        };
        let limited = timeout_at(deadline.clone(), block);
        let mover = create_task(async move {
            elapse(ms(50)).await;
            deadline.reschedule(ms(10_000));
        });
        assert!(limited.await.is_err());
        assert_eq!(begin.elapsed(), ms(110));
        mover.await.unwrap();
    });
}
