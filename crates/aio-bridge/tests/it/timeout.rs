//! `timeout` and `timeout_at`: a limit of time on a block, and nested ones.

use std::time::Duration;

use aio_bridge::{Deadline, Error, cancelled, create_task, current_task, timeout, timeout_at};
use tokio::time::Instant;

use crate::{
    loops::on_each_loop,
    paused::{Notes, cleaning, elapse, ms, paused, settle, stubborn},
};

const FAR: Duration = Duration::from_secs(9);

// AT41
#[test]
fn a_block_that_ends_in_time_gives_its_value() {
    on_each_loop(|| async {
        assert_eq!(timeout(FAR, async { 7 }).await, Ok(7));
        assert_eq!(timeout(None, async { elapse(ms(1)).await }).await, Ok(()));
        assert_eq!(
            timeout(Duration::MAX, async { elapse(ms(1)).await }).await,
            Ok(())
        );
    });
}

// AT41
#[test]
fn a_block_may_borrow() {
    paused(async {
        let mut words = vec!["tea"];
        timeout(FAR, async { words.push("cake") }).await.unwrap();
        assert_eq!(words, ["tea", "cake"]);
    });
}

// AT41
#[test]
fn a_late_block_is_dropped_at_its_await() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::default());
        let block = async {
            let _at_end = notes.at_drop("dropped");
            elapse(FAR).await;
            notes.note("went on");
        };
        assert!(timeout(ms(5), block).await.is_err());
        notes.note("failed");
        assert_eq!(notes.all(), ["dropped", "failed"]);
        assert_eq!(begin.elapsed(), ms(5));
    });
}

// AT41
#[test]
fn what_a_late_block_awaits_is_cancelled_and_waited_for() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::default());
        let inner = cleaning(ms(5), &notes);
        let block = async {
            drop(inner.await);
            notes.note("went on");
        };
        assert!(timeout(ms(3), block).await.is_err());
        assert_eq!(notes.all(), ["cleaned up"]);
        assert_eq!(begin.elapsed(), ms(8));
    });
}

// AT41
#[test]
fn a_late_block_that_listens_goes_on_and_gives_its_value() {
    paused(async {
        let begin = Instant::now();
        let block = async {
            cancelled().await;
            elapse(ms(5)).await;
            elapse(ms(5)).await;
            7
        };
        assert_eq!(timeout(ms(3), block).await, Ok(7));
        assert_eq!(begin.elapsed(), ms(13));
    });
}

// AT41
#[test]
fn a_late_block_whose_inner_task_refuses_goes_on() {
    paused(async {
        let inner = stubborn(ms(5));
        let block = async { inner.await.unwrap() + 1 };
        assert_eq!(timeout(ms(3), block).await, Ok(8));
    });
}

// AT41
#[test]
fn a_failure_of_the_block_passes_through() {
    paused(async {
        let failed = timeout(FAR, async { Err::<(), _>("no luck") }).await;
        assert_eq!(failed, Ok(Err("no luck")));
    });
}

// AT41
#[test]
#[should_panic(expected = "boom")]
fn a_panic_of_the_block_passes_through() {
    paused(async { timeout(FAR, async { panic!("boom") }).await.unwrap() });
}

// AT41
#[test]
fn a_block_without_an_await_is_not_cut_off() {
    paused(async {
        assert_eq!(timeout(ms(0), async { 7 }).await, Ok(7));
    });
}

// AT41
#[test]
fn a_deadline_that_is_over_still_runs_the_block_to_its_first_await() {
    paused(async {
        let notes = Notes::default();
        let block = async {
            notes.note("ran");
            elapse(ms(5)).await;
            notes.note("went on");
        };
        let late = timeout_at(Instant::now(), block).await;
        assert!(late.is_err());
        assert_eq!(notes.all(), ["ran"]);
    });
}

// AT41
#[test]
fn a_deadline_is_a_time_of_either_clock() {
    paused(async {
        let begin = Instant::now();
        assert!(timeout_at(begin + ms(5), elapse(FAR)).await.is_err());
        assert_eq!(begin.elapsed(), ms(5));
        let of_std = std::time::Instant::now() + FAR;
        assert!(timeout_at(of_std, elapse(ms(5))).await.is_ok());
    });
}

// AT41
#[test]
fn a_deadline_can_be_moved_away_while_the_block_runs() {
    paused(async {
        let (begin, deadline) = (Instant::now(), Deadline::after(ms(5)));
        let block = async {
            deadline.reschedule(ms(20));
            elapse(ms(10)).await;
            deadline.reschedule(None);
            assert!(deadline.when().is_none());
            elapse(ms(90)).await;
        };
        assert_eq!(timeout_at(deadline.clone(), block).await, Ok(()));
        assert_eq!(begin.elapsed(), ms(100));
    });
}

// AT41
#[test]
fn a_deadline_can_be_moved_closer_from_another_task() {
    paused(async {
        let (begin, deadline) = (Instant::now(), Deadline::never());
        let other = deadline.clone();
        let mover = create_task(async move {
            elapse(ms(5)).await;
            other.reschedule(ms(3));
        });
        assert!(timeout_at(deadline, elapse(FAR)).await.is_err());
        assert_eq!(begin.elapsed(), ms(8));
        mover.await.unwrap();
    });
}

// AT41
#[test]
fn a_deadline_that_is_moved_too_late_changes_nothing() {
    paused(async {
        let deadline = Deadline::after(ms(5));
        let inner = cleaning(ms(9), &Notes::default());
        let other = deadline.clone();
        let mover = create_task(async move {
            elapse(ms(7)).await;
            other.reschedule(FAR);
        });
        assert!(timeout_at(deadline, inner).await.is_err());
        mover.await.unwrap();
    });
}

// AT42
#[test]
fn of_nested_ones_the_inner_that_expires_first_tells_the_outer_block() {
    paused(async {
        let block = async {
            assert!(timeout(ms(3), elapse(FAR)).await.is_err());
            elapse(ms(3)).await;
            7
        };
        assert_eq!(timeout(ms(9), block).await, Ok(7));
    });
}

// AT42
#[test]
fn of_nested_ones_the_outer_that_expires_first_cuts_off_the_block_inside() {
    paused(async {
        let notes = Notes::default();
        let block = async {
            let inner = timeout(FAR, elapse(FAR)).await;
            notes.note("inner block over");
            inner
        };
        assert!(timeout(ms(3), block).await.is_err());
        assert_eq!(notes.all(), [""; 0]);
    });
}

// AT42
#[test]
fn an_inner_one_that_expires_while_the_outer_cancels_does_not_take_its_place() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::default());
        let inner = cleaning(ms(9), &notes);
        let block = async {
            let inner = timeout(ms(5), inner).await;
            notes.note("went on");
            inner.is_err()
        };
        assert!(timeout(ms(3), block).await.is_err());
        assert_eq!(begin.elapsed(), ms(12));
        assert_eq!(notes.all(), ["cleaned up"]);
    });
}

// AT42
#[test]
fn one_that_expires_while_its_task_is_cancelled_does_not_eat_the_cancellation() {
    paused(async {
        let notes = Notes::default();
        let (inner, inside) = (cleaning(ms(9), &notes), notes.clone());
        let task = create_task(async move {
            let late = timeout(ms(5), inner).await.is_err();
            inside.note("went on");
            late
        });
        elapse(ms(3)).await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert!(!notes.all().contains(&"went on"));
    });
}

// AT42
#[test]
fn one_that_is_cancelled_while_it_has_expired_does_not_eat_the_cancellation() {
    paused(async {
        let notes = Notes::default();
        let (inner, inside) = (cleaning(ms(9), &notes), notes.clone());
        let task = create_task(async move {
            let late = timeout(ms(3), inner).await.is_err();
            inside.note("went on");
            late
        });
        elapse(ms(5)).await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert!(!notes.all().contains(&"went on"));
    });
}

// AT41
#[test]
fn an_expired_one_is_no_request_to_the_task_around_it() {
    paused(async {
        let task = create_task(async {
            assert!(timeout(ms(3), elapse(FAR)).await.is_err());
            elapse(ms(3)).await;
            current_task().unwrap().cancelling()
        });
        settle().await;
        assert_eq!(task.await.unwrap(), 0);
    });
}
