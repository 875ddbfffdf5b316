//! Tasks that cancel themselves.

use aio_bridge::{Error, create_task, current_task};

use crate::{
    clock::{elapse, ms, paused},
    notes::Notes,
};

// CPython: test_tasks.py BaseTaskTests.test_cancel_current_task
// AT08
#[test]
fn a_task_that_cancels_itself_ends_at_its_next_await() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let mut task = create_task(async move {
            assert!(current_task().unwrap().cancel());
            inside.note("before the await");
            elapse(ms(100)).await;
            inside.note("after the await");
            12
        });
        assert!(matches!((&mut task).await, Err(Error::Cancelled)));
        assert!(task.done() && task.cancelled() && !task.cancel());
        assert_eq!(notes.take(), ["before the await"]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_cancel_at_end
// AT08
#[test]
fn a_task_that_cancels_itself_and_awaits_no_more_ends_as_cancelled() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let mut task = create_task(async move {
            assert!(current_task().unwrap().cancel());
            inside.note("ran to its end");
            12
        });
        assert!(matches!((&mut task).await, Err(Error::Cancelled)));
        assert!(task.cancelled());
        assert_eq!(notes.take(), ["ran to its end"]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_cancel_awaited_task
// AT08
#[test]
fn a_cancel_of_oneself_is_for_the_task_that_is_awaited_next() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let task = create_task(async move {
            let in_nested = inside.clone();
            let nested = create_task(async move {
                let _ended = in_nested.at_drop("nested ended");
                elapse(ms(100)).await;
                in_nested.note("nested went on");
            });
            elapse(ms(10)).await;
            current_task().unwrap().cancel();
            drop(nested.await);
            inside.note("went on");
        });
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.take(), ["nested ended"]);
    });
}
