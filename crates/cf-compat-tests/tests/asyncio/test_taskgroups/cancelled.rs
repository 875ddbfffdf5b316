//! Groups whose task is cancelled.

use aio_bridge::{Error, GroupError, Task, cancelled, create_task, fallible};
use tokio::time::Instant;

use super::{crash_when_cancelled, endless, texts, within};
use crate::{
    clock::{FAR, elapse, ms, paused, settle},
    notes::Notes,
};

/// The group's failures, where its task failed with them.
fn failures(outcome: Result<(), Error>) -> Vec<String> {
    let error = outcome.unwrap_err();
    texts(error.downcast_ref::<GroupError>().unwrap())
}

/// A task with a group of five endless tasks, whose block awaits or has ended.
fn parent_of_five(notes: &Notes, block_awaits: bool) -> Task<()> {
    let notes = notes.clone();
    create_task(fallible(within(move |group| async move {
        for _ in 0..5 {
            drop(group.create_task(endless(&notes, "child"))?);
        }
        if block_awaits {
            endless(&notes, "block").await;
        }
        Ok::<_, Error>(())
    })))
}

// CPython: test_taskgroups.py TestTaskGroup.test_cancellation
// AT45
#[test]
fn cancelling_the_task_cancels_all_of_its_group() {
    paused(async {
        let notes = Notes::new();
        let parent = parent_of_five(&notes, false);
        settle().await;
        assert!(!parent.done());
        parent.cancel();
        assert!(matches!(parent.await, Err(Error::Cancelled)));
        assert_eq!(notes.take(), ["child"; 5]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_07
#[test]
fn cancelling_the_task_cancels_the_block_as_well() {
    paused(async {
        let notes = Notes::new();
        let parent = parent_of_five(&notes, true);
        settle().await;
        parent.cancel();
        assert!(matches!(parent.await, Err(Error::Cancelled)));
        let mut ended = notes.take();
        ended.sort_unstable();
        assert_eq!(
            ended,
            ["block", "child", "child", "child", "child", "child"]
        );
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_08
// AT45
// Differs: a task fails while it is cancelled only where it listens with `cancelled()`.
#[test]
fn failures_while_it_is_cancelled_win_over_the_cancellation() {
    paused(async {
        let parent = create_task(fallible(within(|group| async move {
            for _ in 0..2 {
                drop(group.create_task(crash_when_cancelled("division by zero"))?);
            }
            elapse(FAR).await;
            Ok::<_, Error>(())
        })));
        settle().await;
        parent.cancel();
        assert_eq!(failures(parent.await), ["division by zero"; 2]);
    });
}

/// A task whose group has a slow clean-up in its block, and a task that fails when it is cancelled.
fn slow_to_clean_up(notes: &Notes) -> Task<()> {
    let notes = notes.clone();
    create_task(fallible(within(move |group| async move {
        drop(group.create_task(crash_when_cancelled("division by zero"))?);
        cancelled().await;
        elapse(ms(500)).await;
        notes.note("cleaned up");
        Err::<(), _>(Error::Cancelled)
    })))
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_15
// Differs: the block listens with `cancelled()`, and its tasks are not told before it has ended.
#[test]
fn a_slow_clean_up_is_waited_for() {
    paused(async {
        let notes = Notes::new();
        let parent = slow_to_clean_up(&notes);
        settle().await;
        parent.cancel();
        elapse(ms(100)).await;
        assert!(!parent.done());
        assert_eq!(
            failures(parent.await),
            ["the future was cancelled", "division by zero"]
        );
        assert_eq!(notes.take(), ["cleaned up"]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_16
// Differs: the block listens with `cancelled()`, and its tasks are not told before it has ended.
#[test]
fn a_slow_clean_up_is_waited_for_by_a_task_further_out() {
    paused(async {
        let notes = Notes::new();
        let inner = slow_to_clean_up(&notes);
        let outer = create_task(fallible(inner));
        settle().await;
        outer.cancel();
        elapse(ms(100)).await;
        assert!(!outer.done());
        assert_eq!(
            failures(outer.await),
            ["the future was cancelled", "division by zero"]
        );
        assert_eq!(notes.take(), ["cleaned up"]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_17
#[test]
fn a_block_without_tasks_is_cancelled_as_any_other() {
    paused(async {
        let notes = Notes::new();
        let block = endless(&notes, "block");
        let parent = create_task(fallible(within(|_group| async move {
            block.await;
            Ok::<_, Error>(())
        })));
        settle().await;
        assert!(!parent.done());
        parent.cancel();
        assert!(matches!(parent.await, Err(Error::Cancelled)));
        assert_eq!(notes.take(), ["block"]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_18
// Differs: the block listens with `cancelled()`.
#[test]
fn a_block_that_fails_instead_of_being_cancelled_fails_its_group() {
    paused(async {
        let parent = create_task(fallible(within(|_group| crash_when_cancelled("fell over"))));
        settle().await;
        parent.cancel();
        assert_eq!(failures(parent.await), ["fell over"]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_22
#[test]
fn a_cancel_soon_after_the_start_ends_everything() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::new());
        let inside = notes.clone();
        let parent = create_task(fallible(within(|group| async move {
            for time in [1_000, 2_000] {
                let (notes, ended) = (inside.clone(), inside.at_drop("child ended"));
                drop(group.create_task(async move {
                    let _ended = ended;
                    elapse(ms(time)).await;
                    notes.note("child went on");
                })?);
            }
            Ok::<_, Error>(())
        })));
        elapse(ms(50)).await;
        parent.cancel();
        assert!(matches!(parent.await, Err(Error::Cancelled)));
        assert_eq!(notes.take(), ["child ended"; 2]);
        assert_eq!(begin.elapsed(), ms(50));
    });
}
