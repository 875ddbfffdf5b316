//! test_asyncio/test_taskgroups.py: tasks that live no longer than a block, and fall together.

mod cancelled;
mod failing;
mod nested;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use aio_bridge::{Error, GroupError, Outcome, TaskGroup, current_task};
use cf_core::Reason;
use tokio::time::Instant;

use crate::{
    clock::{FAR, elapse, ms, one_thread, paused, settle},
    notes::Notes,
};

/// What the failures of a group say.
fn texts(error: &GroupError) -> Vec<String> {
    error.errors().iter().map(ToString::to_string).collect()
}

/// Fails like this after that time.
async fn crash_after(time: u64, text: &'static str) -> Result<(), &'static str> {
    elapse(ms(time)).await;
    Err(text)
}

/// Waits for ever; its end is noted, also if it has not begun.
fn endless(notes: &Notes, ended: &'static str) -> impl Future<Output = ()> + Send + use<> {
    let ended = notes.at_drop(ended);
    async {
        let _ended = ended;
        std::future::pending::<()>().await;
    }
}

/// Fails like this as soon as it is cancelled.
async fn crash_when_cancelled(text: &'static str) -> Result<(), &'static str> {
    aio_bridge::cancelled().await;
    Err(text)
}

fn is_refused<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::Rejected(Reason::Shutdown)))
}

async fn within<B: Future<Output: Outcome>>(
    block: impl FnOnce(TaskGroup) -> B,
) -> Result<<B::Output as Outcome>::Value, GroupError> {
    TaskGroup::scope(block).await
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_01
// AT45
#[test]
fn the_results_of_two_tasks_can_be_read_after_the_block() {
    paused(async {
        let begin = Instant::now();
        let tasks = within(|group| async move {
            let first = group.create_task(async {
                elapse(ms(100)).await;
                42
            })?;
            let second = group.create_task(async {
                elapse(ms(200)).await;
                11
            })?;
            Ok::<_, Error>([first, second])
        });
        let [mut first, mut second] = tasks.await.unwrap();
        assert_eq!(begin.elapsed(), ms(200));
        assert_eq!(first.result().unwrap(), 42);
        assert_eq!(second.result().unwrap(), 11);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_02
// AT45
#[test]
fn a_task_may_be_created_later_in_the_block() {
    paused(async {
        let tasks = within(|group| async move {
            let first = group.create_task(async { 42 })?;
            elapse(ms(200)).await;
            let second = group.create_task(async { 11 })?;
            Ok::<_, Error>([first, second])
        });
        let [mut first, mut second] = tasks.await.unwrap();
        assert_eq!(
            (first.result().unwrap(), second.result().unwrap()),
            (42, 11)
        );
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_03
// AT45
#[test]
fn cancelling_one_task_does_not_disturb_the_group() {
    paused(async {
        let tasks = within(|group| async move {
            let first = group.create_task(async {
                elapse(FAR).await;
                42
            })?;
            let second = group.create_task(async {
                elapse(ms(200)).await;
                11
            })?;
            elapse(ms(100)).await;
            assert!(first.cancel());
            Ok::<_, Error>([first, second])
        });
        let [first, mut second] = tasks.await.unwrap();
        assert!(first.cancelled());
        assert_eq!(second.result().unwrap(), 11);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_23
#[test]
fn a_task_that_has_ended_leaves_the_group() {
    paused(async {
        let count = |group: &TaskGroup, n_live: usize| {
            let text = format!("{group:?}");
            assert!(text.contains(&format!("n_live: {n_live},")), "{text}");
        };
        let block = within(|group| async move {
            let one = group.create_task(async {})?;
            let two = group.create_task(elapse(ms(10)))?;
            count(&group, 2);
            one.await?;
            settle().await;
            count(&group, 1);
            two.await?;
            settle().await;
            count(&group, 0);
            Ok::<_, Error>(())
        });
        block.await.unwrap();
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_24
#[test]
fn a_task_of_the_group_may_create_others() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let block = within(|group| async move {
            let own = group.clone();
            drop(group.create_task(async move {
                for name in ["one", "two"] {
                    let notes = inside.clone();
                    drop(own.create_task(async move {
                        elapse(ms(100)).await;
                        notes.note(name);
                    })?);
                }
                inside.note("creator over");
                Ok::<_, Error>(())
            })?);
            Ok::<_, Error>(())
        });
        block.await.unwrap();
        assert_eq!(notes.take(), ["creator over", "one", "two"]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_task_name
// Differs: a task of a group has the name of its number, and none can be given to it.
#[test]
fn each_task_of_the_group_has_a_name_of_its_own() {
    paused(async {
        let block = within(|group| async move {
            let task = group.create_task(async { current_task().unwrap().name().into_owned() })?;
            let (name, expected) = (task.name().into_owned(), format!("Task-{}", task.id()));
            Ok::<_, Error>([name, expected, task.await?])
        });
        let [name, expected, inside] = block.await.unwrap();
        assert_eq!((&name, &inside), (&expected, &expected));
    });
}

tokio::task_local! {
    static CVAR: Arc<AtomicU32>;
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_task_context
// AT14
// Differs: `create_task` of a group takes no context either; the coroutine is wrapped in it.
#[test]
fn tasks_of_a_group_run_in_the_context_that_they_are_wrapped_in() {
    paused(async {
        let seen = within(|group| async move {
            let context = Arc::new(AtomicU32::new(0));
            let mut seen = Vec::new();
            for value in [1, 2] {
                let changed = CVAR.scope(Arc::clone(&context), async move {
                    elapse(ms(1)).await;
                    CVAR.with(|cvar| cvar.swap(value, Ordering::Relaxed))
                });
                let before = group.create_task(changed)?.await?;
                seen.push((before, context.load(Ordering::Relaxed)));
            }
            let bare = group.create_task(async { CVAR.try_with(|_| ()).is_err() })?;
            assert!(bare.await?);
            Ok::<_, Error>(seen)
        });
        assert_eq!(seen.await.unwrap(), [(0, 1), (1, 2)]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_finished
// CPython: test_taskgroups.py TestTaskGroup.test_coro_closed_when_tg_closed
// AT46
// Differs: creating a task gives an error.
#[test]
fn a_group_whose_block_has_ended_takes_no_task_and_drops_the_coroutine() {
    paused(async {
        let notes = Notes::new();
        let group = within(|group| async move { Ok::<_, Error>(vec![group]) });
        let group = group.await.unwrap().remove(0);
        let refused = group.create_task(endless(&notes, "dropped"));
        assert!(is_refused(&refused));
        assert_eq!(notes.take(), ["dropped"]);
    });
}

// CPython: test_taskgroups.py TestTaskGroup.test_taskgroup_without_parent_task
// Differs: a group needs no task around it, only a loop.
#[test]
fn a_group_works_outside_of_a_task() {
    let value = one_thread().block_on(async {
        assert!(current_task().is_none());
        within(|group| async move { group.create_task(async { 7 })?.await }).await
    });
    assert_eq!(value.unwrap(), 7);
}
