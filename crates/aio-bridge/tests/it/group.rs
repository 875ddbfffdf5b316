//! Task groups: they end when all of their tasks have, and fall together.

use aio_bridge::{Error, Task, TaskGroup, cancelled, create_task, timeout, wait_for};
use cf_core::Reason;
use tokio::{sync::oneshot, time::Instant};

use crate::{
    loops::on_each_loop,
    paused::{Notes, elapse, ms, paused, settle},
    reports::reports_of,
};

// AT45
#[test]
fn the_block_gives_its_value_when_all_tasks_have_ended() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::default());
        let value = TaskGroup::scope(|group| {
            let notes = &notes;
            async move {
                for time in [9, 5] {
                    let notes = notes.clone();
                    drop(group.create_task(async move {
                        elapse(ms(time)).await;
                        notes.note("ended");
                    })?);
                }
                notes.note("block over");
                Ok::<_, Error>(7)
            }
        });
        assert_eq!(value.await.unwrap(), 7);
        assert_eq!(notes.all(), ["block over", "ended", "ended"]);
        assert_eq!(begin.elapsed(), ms(9));
    });
}

// AT45
#[test]
fn a_task_of_the_group_can_be_awaited_in_the_block() {
    on_each_loop(|| async {
        let sum = TaskGroup::scope(|group| async move {
            let one = group.create_task(async { 1_u32 })?;
            let two = group.create_task(async { Ok::<u32, Error>(2) })?;
            Ok::<_, Error>(one.await? + two.await?)
        });
        assert_eq!(sum.await.unwrap(), 3);
    });
}

// AT45
#[test]
fn the_first_failure_cancels_the_siblings_and_the_block() {
    paused(async {
        let notes = Notes::default();
        let (in_sibling, in_block) = (notes.clone(), notes.clone());
        let failed = TaskGroup::scope(|group| async move {
            drop(group.create_task(async move {
                let _at_end = in_sibling.at_drop("sibling");
                std::future::pending::<()>().await;
            })?);
            drop(group.create_task(async {
                elapse(ms(5)).await;
                Err::<(), _>("no luck")
            })?);
            let _at_end = in_block.at_drop("block");
            std::future::pending::<()>().await;
            Ok::<_, Error>(())
        });
        let error = failed.await.unwrap_err();
        assert_eq!(error.to_string(), "a task of the group failed: no luck");
        assert_eq!(error.errors().len(), 1);
        let mut notes = notes.all();
        notes.sort_unstable();
        assert_eq!(notes, ["block", "sibling"]);
    });
}

// AT45
#[test]
fn all_failures_come_out_together_in_the_order_in_which_they_came() {
    paused(async {
        let failed = TaskGroup::scope(|group| async move {
            for (time, text) in [(0, "second"), (5, "third")] {
                drop(group.create_task(async move {
                    cancelled().await;
                    elapse(ms(time)).await;
                    Err::<(), _>(text)
                })?);
            }
            settle().await;
            Err::<(), Error>(Error::from_box("first".into()))
        });
        let error = failed.await.unwrap_err();
        let texts: Vec<_> = error.errors().iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["first", "second", "third"]);
        assert_eq!(
            error.to_string(),
            "3 tasks of the group failed: first; second; third"
        );
    });
}

// AT45
#[test]
fn a_failure_that_the_block_saw_by_awaiting_the_task_is_told_once() {
    on_each_loop(|| async {
        let failed = TaskGroup::scope(|group| async move {
            group.create_task(async { Err::<(), _>("no luck") })?.await
        });
        assert_eq!(failed.await.unwrap_err().errors().len(), 1);
    });
}

// AT45
#[test]
fn a_panic_of_a_task_is_a_failure() {
    on_each_loop(|| async {
        let failed = TaskGroup::scope(|group| async move {
            drop(group.create_task(panics())?);
            std::future::pending::<()>().await;
            Ok::<_, Error>(())
        });
        let error = failed.await.unwrap_err();
        assert!(matches!(error.errors(), [Error::Panicked(_)]));
    });
}

// AT45
#[test]
fn a_panic_of_the_block_is_a_failure_and_cancels_the_tasks() {
    on_each_loop(|| async {
        let failed = TaskGroup::scope(|group| async move {
            drop(group.create_task(std::future::pending::<()>())?);
            if group.create_task(async {})?.await.is_ok() {
                panic!("boom");
            }
            Ok::<_, Error>(())
        });
        let error = failed.await.unwrap_err();
        assert!(matches!(error.errors(), [Error::Panicked(_)]));
    });
}

// AT45
#[test]
fn a_task_that_is_merely_cancelled_is_ignored() {
    paused(async {
        let value = TaskGroup::scope(|group| async move {
            let endless = group.create_task(std::future::pending::<()>())?;
            let sibling = group.create_task(async {
                elapse(ms(9)).await;
                7
            })?;
            settle().await;
            endless.cancel();
            assert!(matches!(endless.await, Err(Error::Cancelled)));
            sibling.await
        });
        assert_eq!(value.await.unwrap(), 7);
    });
}

// AT45
#[test]
fn a_failure_that_the_group_tells_of_is_not_reported_as_well() {
    let reports = reports_of(|| {
        paused(async {
            let failed = TaskGroup::scope(|group| async move {
                drop(group.create_task(async { Err::<(), _>("no luck") })?);
                Ok::<_, Error>(())
            });
            assert!(failed.await.is_err());
        });
    });
    assert_eq!(reports, [""; 0]);
}

// AT45
#[test]
fn a_failure_waits_for_the_clean_up_of_the_siblings() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::default());
        let inside = notes.clone();
        let failed = TaskGroup::scope(|group| async move {
            drop(group.create_task(async move {
                cancelled().await;
                elapse(ms(5)).await;
                inside.note("cleaned up");
            })?);
            drop(group.create_task(async {
                elapse(ms(3)).await;
                Err::<(), _>("no luck")
            })?);
            Ok::<_, Error>(())
        });
        assert!(failed.await.is_err());
        assert_eq!(notes.all(), ["cleaned up"]);
        assert_eq!(begin.elapsed(), ms(8));
    });
}

// AT45
#[test]
fn a_block_that_listens_cleans_up_with_awaits_when_a_task_fails() {
    paused(async {
        let notes = Notes::default();
        let inside = notes.clone();
        let failed = TaskGroup::scope(|group| async move {
            // Its end wakes the block in the middle of the clean-up.
            drop(group.create_task(async {
                cancelled().await;
                elapse(ms(2)).await;
            })?);
            drop(group.create_task(async {
                elapse(ms(3)).await;
                Err::<(), _>("no luck")
            })?);
            cancelled().await;
            elapse(ms(5)).await;
            elapse(ms(5)).await;
            inside.note("cleaned up");
            Ok::<_, Error>(())
        });
        let error = failed.await.unwrap_err();
        assert_eq!(error.errors().len(), 1);
        assert_eq!(notes.all(), ["cleaned up"]);
    });
}

// AT45
#[test]
fn cancelling_who_awaits_it_cancels_all_tasks_and_waits_for_them() {
    paused(async {
        let notes = Notes::default();
        let inside = notes.clone();
        let task = create_task(async move {
            let noting = inside.clone();
            let scope = TaskGroup::scope(|group| async move {
                drop(group.create_task(async move {
                    cancelled().await;
                    elapse(ms(5)).await;
                    inside.note("cleaned up");
                })?);
                std::future::pending::<()>().await;
                Ok::<_, Error>(())
            });
            drop(scope.await);
            noting.note("went on");
        });
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.all(), ["cleaned up"]);
    });
}

// AT45
#[test]
fn a_cancellation_that_comes_when_the_block_is_over_is_not_eaten() {
    paused(async {
        let task = create_task(async {
            let scope = TaskGroup::scope(|group| async move {
                drop(group.create_task(std::future::pending::<()>())?);
                Ok::<_, Error>(7)
            });
            scope.await.is_ok()
        });
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
    });
}

// AT45
#[test]
fn failures_of_tasks_are_told_also_if_the_group_was_cancelled_from_outside() {
    paused(async {
        let task = create_task(async {
            let scope = TaskGroup::scope(|group| async move {
                drop(group.create_task(async {
                    cancelled().await;
                    Err::<(), _>("no luck")
                })?);
                std::future::pending::<()>().await;
                Ok::<_, Error>(())
            });
            scope.await.unwrap_err().errors().len()
        });
        settle().await;
        task.cancel();
        assert_eq!(task.await.unwrap(), 1);
    });
}

// AT42, AT45
#[test]
fn a_timeout_around_it_cancels_all_tasks_and_waits_for_them() {
    paused(async {
        let notes = Notes::default();
        let inside = notes.clone();
        let scope = TaskGroup::scope(|group| async move {
            drop(group.create_task(async move {
                cancelled().await;
                elapse(ms(5)).await;
                inside.note("cleaned up");
            })?);
            Ok::<_, Error>(7)
        });
        assert!(timeout(ms(3), scope).await.is_err());
        assert_eq!(notes.all(), ["cleaned up"]);
    });
}

// AT45
#[test]
fn a_dropped_scope_cancels_its_tasks() {
    paused(async {
        let notes = Notes::default();
        let at_end = notes.at_drop("dropped");
        let mut scope = Box::pin(TaskGroup::scope(|group| async move {
            group
                .create_task(async move {
                    let _at_end = at_end;
                    std::future::pending::<()>().await;
                })?
                .await
        }));
        tokio::select! {
            _ = &mut scope => unreachable!("it waits"),
            () = settle() => {}
        }
        drop(scope);
        settle().await;
        assert_eq!(notes.all(), ["dropped"]);
    });
}

// AT45
#[test]
fn a_task_of_the_group_can_start_more() {
    on_each_loop(|| async {
        let (tell, told) = oneshot::channel();
        let done = TaskGroup::scope(|group| async move {
            let inner = group.clone();
            drop(group.create_task(async move {
                drop(inner.create_task(async move { tell.send(7).unwrap() })?);
                Ok::<_, Error>(())
            })?);
            Ok::<_, Error>(())
        });
        done.await.unwrap();
        assert_eq!(told.await.unwrap(), 7);
    });
}

// AT45
#[test]
fn a_group_in_a_group_falls_alone() {
    paused(async {
        let outer = TaskGroup::scope(|_| async {
            let inner = TaskGroup::scope(|group| async move {
                drop(group.create_task(async { Err::<(), _>("no luck") })?);
                Ok::<_, Error>(())
            });
            assert_eq!(inner.await.unwrap_err().errors().len(), 1);
            elapse(ms(3)).await;
            Ok::<_, Error>(7)
        });
        assert_eq!(outer.await.unwrap(), 7);
    });
}

async fn panics() {
    panic!("boom");
}

/// Tries to create a task that must not run.
fn refused(group: &TaskGroup, notes: &Notes) -> bool {
    let at_end = notes.at_drop("dropped");
    let task: Result<Task<()>, Error> = group.create_task(async move {
        drop(at_end);
        panics().await;
    });
    matches!(task, Err(Error::Rejected(Reason::Shutdown)))
}

// AT46
#[test]
fn a_task_for_a_group_that_is_over_is_refused_and_dropped() {
    on_each_loop(|| async {
        let notes = Notes::default();
        let scope = TaskGroup::scope(|group| async move { Ok::<_, Error>(Box::new(group)) });
        let group = scope.await.unwrap();
        assert!(refused(&group, &notes));
        assert_eq!(notes.all(), ["dropped"]);
    });
}

// AT46
#[test]
fn a_task_for_a_group_that_falls_is_refused_and_dropped() {
    paused(async {
        let notes = Notes::default();
        let inside = notes.clone();
        let failed = TaskGroup::scope(|group| async move {
            drop(group.create_task(async { Err::<(), _>("no luck") })?);
            cancelled().await;
            assert!(refused(&group, &inside));
            inside.note("went on");
            Ok::<_, Error>(())
        });
        assert_eq!(failed.await.unwrap_err().errors().len(), 1);
        assert_eq!(notes.all(), ["dropped", "went on"]);
    });
}

// AT47
#[test]
fn cancelling_the_group_stops_block_and_tasks_without_a_failure() {
    paused(async {
        let notes = Notes::default();
        let (in_task, in_block) = (notes.clone(), notes.clone());
        let stopped = TaskGroup::scope(|group| async move {
            drop(group.create_task(async move {
                let _at_end = in_task.at_drop("task");
                std::future::pending::<()>().await;
            })?);
            settle().await;
            group.cancel();
            std::future::pending::<()>().await;
            in_block.note("went on");
            Ok::<_, Error>(())
        });
        let error = stopped.await.unwrap_err();
        assert!(error.errors().is_empty());
        assert_eq!(error.to_string(), "the group was cancelled");
        assert_eq!(notes.all(), ["task"]);
    });
}

// AT47
#[test]
fn a_task_can_cancel_its_group_whose_block_is_over() {
    paused(async {
        let stopped = TaskGroup::scope(|group| async move {
            drop(group.create_task(std::future::pending::<()>())?);
            let canceller = group.clone();
            drop(group.create_task(async move {
                elapse(ms(3)).await;
                canceller.cancel();
            })?);
            Ok::<_, Error>(7)
        });
        assert_eq!(stopped.await.unwrap(), 7);
    });
}

// AT47
#[test]
fn a_cancelled_group_is_no_cancellation_of_who_awaits_it() {
    paused(async {
        let task = create_task(async {
            let stopped = TaskGroup::scope(|group| async move {
                group.cancel();
                std::future::pending::<()>().await;
                Ok::<_, Error>(())
            });
            assert!(stopped.await.is_err());
            elapse(ms(3)).await;
            7
        });
        assert_eq!(wait_for(task, ms(99)).await.unwrap().unwrap(), 7);
    });
}
