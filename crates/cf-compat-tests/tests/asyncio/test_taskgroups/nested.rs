//! Groups in groups.

use aio_bridge::{Error, GroupError, TaskGroup, create_task, current_task, fallible};
use tokio::time::Instant;

use super::{crash_after, crash_when_cancelled, endless, texts, within};
use crate::{
    clock::{FAR, elapse, ms, paused, settle},
    notes::Notes,
};

/// What the group inside the one failure says.
fn inside(error: &GroupError) -> Vec<String> {
    let [Error::Raised(exception)] = error.errors() else {
        panic!("not one failure: {error}");
    };
    texts(exception.downcast_ref::<GroupError>().unwrap())
}

/// A group in the block of another; its task fails when it is cancelled.
async fn failing_inside(group: TaskGroup) -> Result<(), GroupError> {
    let inner = within(|inner| async move {
        drop(inner.create_task(crash_when_cancelled("inner"))?);
        elapse(FAR).await;
        Ok::<_, Error>(())
    });
    drop(group);
    inner.await
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_11
// AT45
// Differs: a task fails while it is cancelled only where it listens with `cancelled()`.
#[test]
fn failures_inside_come_out_nested_when_the_task_is_cancelled() {
    paused(async {
        let task = create_task(fallible(within(failing_inside)));
        settle().await;
        task.cancel();
        let error = task.await.unwrap_err();
        assert_eq!(inside(error.downcast_ref().unwrap()), ["inner"]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_12
// AT45
// Differs: a task fails while it is cancelled only where it listens with `cancelled()`.
#[test]
fn failures_inside_come_out_nested_beside_a_task_of_the_outer_group() {
    paused(async {
        let notes = Notes::new();
        let child = endless(&notes, "outer child");
        let task = create_task(fallible(within(|group| async move {
            drop(group.create_task(child).unwrap());
            failing_inside(group).await
        })));
        settle().await;
        task.cancel();
        let error = task.await.unwrap_err();
        assert_eq!(inside(error.downcast_ref().unwrap()), ["inner"]);
        assert_eq!(notes.take(), ["outer child"]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_13
#[test]
fn a_failure_outside_cancels_the_group_inside() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::new());
        let child = endless(&notes, "inner child");
        let error = within(|outer| async move {
            drop(outer.create_task(crash_after(100, "outer"))?);
            let inner = within(|inner| async move {
                drop(inner.create_task(child)?);
                elapse(FAR).await;
                Ok::<_, Error>(())
            });
            inner.await.map_err(|error| Error::from_box(error.into()))
        })
        .await
        .unwrap_err();
        assert_eq!(texts(&error), ["outer"]);
        assert_eq!(
            (notes.take(), begin.elapsed()),
            (vec!["inner child"], ms(100))
        );
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_14
#[test]
fn a_failure_inside_is_wrapped_twice() {
    paused(async {
        let notes = Notes::new();
        let child = endless(&notes, "outer child");
        let error = within(|outer| async move {
            drop(outer.create_task(child).unwrap());
            within(|inner| async move {
                drop(inner.create_task(crash_after(10, "inner"))?);
                elapse(FAR).await;
                Ok::<_, Error>(())
            })
            .await
        })
        .await
        .unwrap_err();
        assert_eq!(inside(&error), ["inner"]);
        assert_eq!(notes.take(), ["outer child"]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_nested_groups_both_cancelled
#[test]
fn two_groups_that_fall_together_leave_no_request_on_the_task() {
    paused(async {
        let task = create_task(async {
            let error = within(|outer| async move {
                within(|inner| async move {
                    drop(inner.create_task(crash_after(0, "inner"))?);
                    drop(outer.create_task(crash_after(0, "outer"))?);
                    Ok::<_, Error>(())
                })
                .await
            });
            let error = error.await.unwrap_err();
            (error, current_task().unwrap().cancelling())
        });
        let (error, cancelling) = task.await.unwrap();
        assert_eq!(cancelling, 0);
        let mut found: Vec<_> = texts(&error);
        found.sort_unstable();
        assert_eq!(found, ["a task of the group failed: inner", "outer"]);
    });
}
