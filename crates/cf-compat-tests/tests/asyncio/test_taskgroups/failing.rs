//! Groups of which a task or the block fails.

use aio_bridge::{Error, TaskGroup, cancelled, create_task, current_task, fallible};
use tokio::time::Instant;

use super::{crash_after, endless, is_refused, texts, within};
use crate::{
    clock::{FAR, elapse, ms, paused},
    notes::Notes,
};

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_04
// AT45
#[test]
fn a_task_that_fails_cancels_the_other_and_the_group_fails() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::new());
        let sibling = endless(&notes, "sibling ended");
        let error = within(|group| async move {
            drop(group.create_task(crash_after(100, "division by zero"))?);
            drop(group.create_task(sibling)?);
            Ok::<_, Error>(())
        })
        .await
        .unwrap_err();
        assert_eq!(texts(&error), ["division by zero"]);
        assert_eq!(
            (notes.take(), begin.elapsed()),
            (vec!["sibling ended"], ms(100))
        );
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_cancel_children_on_child_error
// AT45
#[test]
fn all_failures_are_collected_and_the_sibling_and_the_block_are_cancelled() {
    paused(async {
        let notes = Notes::new();
        let (sibling, block) = (endless(&notes, "sibling"), endless(&notes, "block"));
        let error = within(|group| async move {
            for text in ["first", "second"] {
                drop(group.create_task(crash_after(10, text))?);
            }
            drop(group.create_task(sibling)?);
            block.await;
            Ok::<_, Error>(())
        })
        .await
        .unwrap_err();
        let mut ended = notes.take();
        ended.sort_unstable();
        assert_eq!(ended, ["block", "sibling"]);
        assert_eq!(texts(&error), ["first", "second"]);
    });
}

/// A block that fails after that time, beside a task.
fn block_that_fails(after: Option<u64>) {
    paused(async {
        let notes = Notes::new();
        let task = endless(&notes, "task ended");
        let error = within(|group| async move {
            drop(group.create_task(task)?);
            if let Some(time) = after {
                elapse(ms(time)).await;
            }
            Err::<(), _>(Error::from_box("division by zero".into()))
        })
        .await
        .unwrap_err();
        assert_eq!(texts(&error), ["division by zero"]);
        assert_eq!(notes.take(), ["task ended"]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_09
// AT45
#[test]
fn a_block_that_fails_cancels_the_tasks() {
    block_that_fails(Some(100));
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_10
#[test]
fn a_block_that_fails_before_its_first_await_cancels_the_tasks() {
    block_that_fails(None);
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_19
// AT45
// Differs: a block hears of the fall of its group by `cancelled()`.
#[test]
fn a_failure_of_the_block_comes_out_beside_that_of_the_task() {
    paused(async {
        let error = within(|group| async move {
            drop(group.create_task(crash_after(100, "of the task"))?);
            cancelled().await;
            Err::<(), _>(Error::from_box("of the block".into()))
        })
        .await
        .unwrap_err();
        assert_eq!(texts(&error), ["of the task", "of the block"]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_context_manager_exit_raises
// Differs: there are no asynchronous context managers; the clean-up of a block that listens with `cancelled()` is one.
#[test]
fn a_failure_of_the_blocks_clean_up_joins_that_of_the_task() {
    paused(async {
        let counted = create_task(async {
            let error = within(|group| async move {
                drop(group.create_task(crash_after(0, "of the task"))?);
                let exit = async {
                    cancelled().await;
                    elapse(ms(10)).await;
                    Err::<(), _>(Error::from_box("of the exit".into()))
                };
                exit.await
            })
            .await
            .unwrap_err();
            (texts(&error), current_task().unwrap().cancelling())
        });
        let (texts, cancelling) = counted.await.unwrap();
        assert_eq!(texts, ["of the task", "of the exit"]);
        assert_eq!(cancelling, 0);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_20a
// AT45
// Differs: nothing goes beyond `Exception` but a panic, which is a failure like any other.
#[test]
fn a_panic_of_the_block_comes_out_beside_the_failure_of_a_task() {
    paused(async {
        let error = within(|group| async move {
            drop(group.create_task(super::crash_when_cancelled("of the task"))?);
            elapse(ms(100)).await;
            if group.create_task(async {})?.await.is_ok() {
                panic!("of the block");
            }
            Ok::<_, Error>(())
        })
        .await
        .unwrap_err();
        assert!(
            matches!(&error.errors()[0], Error::Panicked(panic) if panic.message() == "of the block")
        );
        assert_eq!(texts(&error)[1..], ["of the task"]);
    });
}

async fn panic_after(time: u64) {
    elapse(ms(time)).await;
    panic!("of the task");
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_21a
// AT45
// Differs: nothing goes beyond `Exception` but a panic; the block fails on its way out where it listens with `cancelled()`.
#[test]
fn a_panic_of_a_task_comes_out_beside_the_failure_of_the_block() {
    paused(async {
        let error = within(|group| async move {
            drop(group.create_task(panic_after(100))?);
            cancelled().await;
            Err::<(), _>(Error::from_box("of the block".into()))
        })
        .await
        .unwrap_err();
        assert!(
            matches!(&error.errors()[0], Error::Panicked(panic) if panic.message() == "of the task")
        );
        assert_eq!(texts(&error)[1..], ["of the block"]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_25
// Differs: a task whose sleep is over when it is cancelled may take one more step, and finds that none can be created.
#[test]
fn a_failure_stops_tasks_that_create_others_without_end() {
    paused(async {
        async fn multiply(group: TaskGroup) {
            while group.create_task(elapse(ms(1))).is_ok() {
                elapse(ms(1)).await;
            }
        }
        let begin = Instant::now();
        let error = within(|group| async move {
            drop(group.create_task(multiply(group.clone()))?);
            drop(group.create_task(crash_after(50, "enough"))?);
            Ok::<_, Error>(())
        })
        .await
        .unwrap_err();
        assert_eq!(texts(&error), ["enough"]);
        assert_eq!(begin.elapsed(), ms(50));
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_no_create_task_after_failure
// AT46
// Differs: creating a task gives an error.
#[test]
fn a_group_that_falls_takes_no_more_tasks() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let error = within(|group| async move {
            let own = group.clone();
            drop(group.create_task(async move {
                cancelled().await;
                elapse(ms(10)).await;
                let refused = own.create_task(async {});
                inside.note(if is_refused(&refused) {
                    "refused"
                } else {
                    "taken"
                });
            })?);
            drop(group.create_task(crash_after(10, "division by zero"))?);
            elapse(FAR).await;
            Ok::<_, Error>(())
        })
        .await
        .unwrap_err();
        assert_eq!(texts(&error), ["division by zero"]);
        assert_eq!(notes.take(), ["refused"]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_cancelling_level_preserved
#[test]
fn a_group_that_fell_leaves_no_request_on_the_task_around_it() {
    paused(async {
        let task = create_task(async {
            let error = within(|group| async move {
                drop(group.create_task(crash_after(0, "division by zero"))?);
                Ok::<_, Error>(())
            });
            assert!(error.await.is_err());
            current_task().unwrap().cancelling()
        });
        assert_eq!(task.await.unwrap(), 0);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_error_and_cancel
#[test]
fn a_cancel_that_comes_with_a_failure_is_not_lost() {
    paused(async {
        let (notes, (tell, told)) = (Notes::new(), tokio::sync::oneshot::channel());
        let inside = notes.clone();
        let task = create_task(fallible(async move {
            let fallen = within(|group| async move {
                drop(group.create_task(async {
                    tell.send(()).unwrap();
                    Err::<(), _>("division by zero")
                })?);
                elapse(FAR).await;
                Ok::<_, Error>(())
            });
            let _ended = inside.at_drop("ended");
            let error = fallen.await.unwrap_err();
            elapse(FAR).await;
            inside.note("went on");
            Err::<(), _>(error)
        }));
        told.await.unwrap();
        assert!(task.cancel());
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.take(), ["ended"]);
    });
}
