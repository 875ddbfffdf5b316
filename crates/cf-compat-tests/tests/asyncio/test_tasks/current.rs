//! Which task runs now.

use aio_bridge::{create_task, current_task};

use crate::clock::{elapse, ms, one_thread, paused, turn};

// CPython: test_tasks.py BaseTaskTests.test_current_task
// CPython: test_tasks.py BaseCurrentLoopTests.test_current_task_with_implicit_loop
#[test]
fn inside_a_task_it_is_that_task() {
    assert!(current_task().is_none());
    paused(async {
        let task = create_task(async {
            let before = current_task().unwrap().id();
            turn().await;
            (before, current_task().unwrap().id())
        });
        let id = task.id();
        assert_ne!(current_task().unwrap().id(), id);
        assert_eq!(task.await.unwrap(), (id, id));
    });
    assert!(current_task().is_none());
}

// CPython: test_tasks.py BaseTaskTests.test_current_task_with_interleaving_tasks
#[test]
fn tasks_that_take_turns_each_see_themselves() {
    paused(async {
        let tasks = [3, 7].map(|time| {
            create_task(async move {
                let mut seen = Vec::new();
                for _ in 0..3 {
                    seen.push(current_task().unwrap().id());
                    elapse(ms(time)).await;
                }
                seen
            })
        });
        for task in tasks {
            let id = task.id();
            assert_eq!(task.await.unwrap(), [id; 3]);
        }
    });
}

// CPython: test_tasks.py BaseCurrentLoopTests.test_current_task_no_running_loop
// CPython: test_tasks.py BaseCurrentLoopTests.test_current_task_no_running_loop_implicit
// Differs: without a loop there is none, which is no error.
#[test]
fn without_a_task_there_is_none() {
    assert!(current_task().is_none());
    assert!(one_thread().block_on(async { current_task().is_none() }));
}
