//! Tasks in the order in which they end.

use std::time::Duration;

use aio_bridge::{Task, as_completed, as_completed_timeout, create_task, future};
use tokio::time::Instant;

use crate::clock::{after, ms, paused, poll_once};

// CPython: test_tasks.py BaseTaskTests.test_as_completed
// AT31
// Differs: it gives the tasks themselves, in one style: step by step, or as a `Stream`.
#[test]
fn they_come_in_the_order_in_which_they_end() {
    paused(async {
        let begin = Instant::now();
        let tasks = [after(10, 'b'), after(20, 'c'), after(0, 'a')];
        let mut values = String::new();
        let mut completed = as_completed(tasks);
        while let Some(task) = completed.next().await {
            assert!(task.done());
            values.push(task.await.unwrap());
        }
        assert_eq!(values, "abc");
        assert_eq!(begin.elapsed(), ms(20));
    });
}

// CPython: test_tasks.py BaseTaskTests.test_as_completed_same_tasks_in_as_out
// AT32
// Differs: a coroutine is made a task before it is given.
#[test]
fn what_comes_out_is_what_went_in() {
    paused(async {
        let tasks = [after(20, ()), after(0, ()), after(10, ())];
        let ids = tasks.each_ref().map(Task::id);
        let mut completed = as_completed(tasks);
        let mut came = Vec::new();
        while let Some(task) = completed.next().await {
            came.push(task.id());
        }
        assert_eq!(came, [ids[1], ids[2], ids[0]]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_as_completed_with_timeout
// AT34
// Differs: one error comes when the time is over, and then nothing more.
#[test]
fn a_value_comes_and_then_the_time_is_over() {
    paused(async {
        let begin = Instant::now();
        let tasks = [after(100, 'a'), after(150, 'b')];
        let mut completed = as_completed_timeout(&tasks, ms(120));
        assert_eq!(completed.next().await.unwrap().unwrap(), &tasks[0]);
        assert_eq!(begin.elapsed(), ms(100));
        assert!(completed.next().await.unwrap().is_err());
        assert_eq!(begin.elapsed(), ms(120));
        assert!(completed.next().await.is_none());
        drop(completed);
        let [_, late] = tasks;
        assert_eq!(late.await.unwrap(), 'b');
    });
}

// CPython: test_tasks.py BaseTaskTests.test_as_completed_with_unused_timeout
// AT34
#[test]
fn a_time_that_is_not_used_up_does_no_harm() {
    paused(async {
        let begin = Instant::now();
        let mut completed = as_completed_timeout([after(10, 'a')], ms(1_000));
        let task = completed.next().await.unwrap().unwrap();
        assert_eq!(task.await.unwrap(), 'a');
        assert!(completed.next().await.is_none());
        assert_eq!(begin.elapsed(), ms(10));
    });
}

// CPython: test_tasks.py BaseTaskTests.test_as_completed_resume_iterator
// AT35
#[test]
fn it_is_left_and_resumed() {
    paused(async {
        let mut completed = as_completed([after(10, 1), after(20, 2), after(30, 3)]);
        let mut values = Vec::new();
        while let Some(task) = completed.next().await {
            values.push(task.await.unwrap());
            if values.len() == 2 {
                break;
            }
        }
        assert_eq!(values, [1, 2]);
        while let Some(task) = completed.next().await {
            values.push(task.await.unwrap());
        }
        assert_eq!(values, [1, 2, 3]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_as_completed_duplicate_coroutines
// AT35
// Differs: what is given twice is given by reference.
#[test]
fn a_task_that_is_given_three_times_comes_once() {
    paused(async {
        let (ham, spam) = (after(10, "ham"), after(20, "spam"));
        let mut completed = as_completed([&ham, &ham, &ham, &spam]);
        let mut came = Vec::new();
        while let Some(task) = completed.next().await {
            came.push(task.id());
        }
        assert_eq!(came, [ham.id(), spam.id()]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_as_completed_coroutine_without_loop
// Differs: no loop is needed for futures; a coroutine would have to be a task already.
#[test]
fn futures_are_waited_for_without_a_loop() {
    let (promise, awaited) = future();
    let mut completed = as_completed([awaited]);
    assert!(poll_once(&mut Box::pin(completed.next())).is_pending());
    promise.set_result(7).unwrap();
    assert!(poll_once(&mut Box::pin(completed.next())).is_ready());
}

// CPython: test_tasks.py BaseTaskTests.test_as_completed_coroutine_use_running_loop
#[test]
fn a_task_of_the_running_loop_comes() {
    paused(async {
        let begin = Instant::now();
        let mut completed = as_completed([create_task(async { 42 })]);
        assert_eq!(completed.next().await.unwrap().await.unwrap(), 42);
        assert!(completed.next().await.is_none());
        assert_eq!(begin.elapsed(), Duration::ZERO);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_as_completed_reverse_wait
// CPython: test_tasks.py BaseTaskTests.test_as_completed_concurrent
// AT31
// Differs: a step is no object that could be kept and awaited later or beside another; dropped while it waits, it loses nothing.
#[test]
fn a_step_that_is_given_up_is_taken_by_the_next() {
    paused(async {
        let mut completed = as_completed([after(10, 'b'), after(5, 'a')]);
        assert!(poll_once(&mut Box::pin(completed.next())).is_pending());
        let first = completed.next().await.unwrap().await.unwrap();
        let second = completed.next().await.unwrap().await.unwrap();
        assert_eq!((first, second), ('a', 'b'));
    });
}
