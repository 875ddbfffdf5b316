//! Waiting for a set.

use std::time::Duration;

use aio_bridge::{Error, ReturnWhen, Task, create_task, fallible, future, wait, wait_timeout};
use tokio::time::Instant;

use crate::{
    clock::{after, elapse, ms, on_loop, paused, turn},
    notes::Notes,
};

/// A task that fails after that time.
fn failing(time: u64) -> Task<u64> {
    create_task(fallible(async move {
        elapse(ms(time)).await;
        Err("err")
    }))
}

/// A task that takes that time, and gives it.
fn taking(time: u64) -> Task<u64> {
    after(time, time)
}

// CPython: test_tasks.py BaseTaskTests.test_wait
// AT17
#[test]
fn a_wait_ends_when_all_have_ended_and_a_second_one_at_once() {
    paused(async {
        let begin = Instant::now();
        let tasks = [taking(100), taking(150)];
        for _ in 0..2 {
            let sets = wait(&tasks, ReturnWhen::AllCompleted).await;
            assert_eq!(sets.done, [&tasks[0], &tasks[1]]);
            assert_eq!(sets.not_done, [&tasks[0]; 0]);
            assert_eq!(begin.elapsed(), ms(150));
        }
        let [one, other] = tasks;
        assert_eq!((one.await.unwrap(), other.await.unwrap()), (100, 150));
    });
}

// CPython: test_tasks.py BaseTaskTests.test_wait_duplicate_coroutines
// AT20
// Differs: what is given twice is given by reference.
#[test]
fn a_task_that_is_given_three_times_is_waited_for_once() {
    paused(async {
        let (one, other) = (taking(10), taking(20));
        let sets = wait([&one, &other, &one, &one], ReturnWhen::AllCompleted).await;
        assert_eq!(sets.done, [&one, &other]);
        assert!(sets.not_done.is_empty());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_wait_errors
// CPython: test_tasks.py BaseTaskTests.test_wait_invalid_args
// AT18, AT19
// Differs: nothing is no error; the other mistakes do not compile (crates/aio-bridge/tests/compile_fail/wait_of_coroutines.rs).
#[test]
fn of_nothing_both_sets_are_empty() {
    paused(async {
        let none: [&Task<u64>; 0] = [];
        let sets = wait(none, ReturnWhen::AllCompleted).await;
        assert!(sets.done.is_empty() && sets.not_done.is_empty());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_wait_first_completed
// AT21
#[test]
fn first_completed_splits_the_set_at_the_first() {
    paused(async {
        let begin = Instant::now();
        let tasks = [taking(10_000), taking(100)];
        let sets = wait(&tasks, ReturnWhen::FirstCompleted).await;
        assert_eq!(
            (sets.done, sets.not_done),
            (vec![&tasks[1]], vec![&tasks[0]])
        );
        assert!(!tasks[0].done());
        assert_eq!(begin.elapsed(), ms(100));
        // move on to the end
        wait(&tasks, ReturnWhen::AllCompleted).await;
        assert_eq!(begin.elapsed(), ms(10_000));
    });
}

// CPython: test_tasks.py BaseTaskTests.test_wait_really_done
// AT21
#[test]
fn all_that_is_done_is_in_done_though_one_was_enough() {
    paused(async {
        let (one, other) = (create_task(turn()), create_task(turn()));
        let sets = wait([&other, &one], ReturnWhen::FirstCompleted).await;
        assert!(one.done() && other.done());
        assert_eq!(sets.done, [&other, &one]);
        assert!(sets.not_done.is_empty());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_wait_first_exception
// AT21
#[test]
fn first_exception_ends_with_a_failure_that_comes_at_once() {
    paused(async {
        let begin = Instant::now();
        let (slow, failed) = (taking(10_000), failing(0));
        let sets = wait([&slow, &failed], ReturnWhen::FirstException).await;
        assert_eq!((sets.done, sets.not_done), (vec![&failed], vec![&slow]));
        assert_eq!(begin.elapsed(), Duration::ZERO);
        assert!(failed.await.is_err());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_wait_first_exception_in_wait
// AT21
#[test]
fn first_exception_ends_with_a_failure_that_comes_while_it_waits() {
    paused(async {
        let begin = Instant::now();
        let (slow, failed) = (taking(10_000), failing(10));
        let sets = wait([&slow, &failed], ReturnWhen::FirstException).await;
        assert_eq!((sets.done, sets.not_done), (vec![&failed], vec![&slow]));
        assert_eq!(begin.elapsed(), ms(10));
        assert!(failed.await.is_err());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_wait_with_exception
// AT17
#[test]
fn a_failure_is_in_done_and_does_not_fail_the_wait() {
    paused(async {
        let begin = Instant::now();
        let (good, bad) = (taking(100), failing(150));
        let sets = wait([&good, &bad], ReturnWhen::AllCompleted).await;
        assert_eq!(sets.done.len(), 2);
        assert!(sets.not_done.is_empty());
        assert_eq!(begin.elapsed(), ms(150));
        assert!(good.await.is_ok() && bad.await.is_err());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_wait_with_timeout
// AT17
#[test]
fn a_wait_whose_time_is_over_gives_the_sets_as_they_are() {
    paused(async {
        let begin = Instant::now();
        let (soon, late) = (taking(100), taking(150));
        let sets = wait_timeout([&soon, &late], ms(110), ReturnWhen::AllCompleted).await;
        assert_eq!((sets.done, sets.not_done), (vec![&soon], vec![&late]));
        assert_eq!(begin.elapsed(), ms(110));
        assert_eq!(late.await.unwrap(), 150);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_wait_concurrent_complete
#[test]
fn what_ends_as_the_time_does_is_done() {
    paused(async {
        let waiting = create_task(async {
            let (soon, late) = (taking(100), taking(150));
            // Their clocks begin to run before that of the wait.
            turn().await;
            let sets = wait_timeout([&soon, &late], ms(100), ReturnWhen::AllCompleted).await;
            assert_eq!((sets.done, sets.not_done), (vec![&soon], vec![&late]));
        });
        waiting.await.unwrap();
    });
}

// CPython: test_tasks.py BaseTaskTests.test_wait_with_iterator_of_tasks
// AT20
#[test]
fn an_iterator_of_tasks_is_a_set() {
    paused(async {
        let tasks = [taking(10), taking(20)];
        let sets = wait(tasks.iter(), ReturnWhen::AllCompleted).await;
        assert_eq!(sets.done.len(), 2);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_wait_generator
// AT20
#[test]
fn an_iterator_that_makes_its_tasks_is_a_set() {
    paused(async {
        let sets = wait((0..10).map(taking), ReturnWhen::AllCompleted).await;
        let mut values = Vec::new();
        for task in sets.done {
            values.push(task.await.unwrap());
        }
        assert_eq!(values, (0..10).collect::<Vec<_>>());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_yield_wait_does_not_shield_cancel
// AT23
#[test]
fn a_wait_that_is_cancelled_leaves_what_it_waits_for_running() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let outer = create_task(async move {
            let inner = create_task(async move {
                elapse(ms(100)).await;
                inside.note("inner ended");
            });
            wait([inner], ReturnWhen::AllCompleted).await;
        });
        elapse(ms(10)).await;
        outer.cancel();
        assert!(matches!(outer.await, Err(Error::Cancelled)));
        assert_eq!(notes.take(), [""; 0]);
        elapse(ms(200)).await;
        assert_eq!(notes.take(), ["inner ended"]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_yield_wait_does_not_shield_cancel
// AT23
// Differs: an awaitable future that was passed by value is dropped with the wait, which cancels it.
#[test]
fn a_wait_that_is_cancelled_cancels_a_future_that_it_was_given() {
    on_loop(async {
        let (mut promise, inner) = future::<u32>();
        let outer = create_task(async move {
            wait([inner], ReturnWhen::AllCompleted).await;
        });
        turn().await;
        outer.cancel();
        assert!(matches!(outer.await, Err(Error::Cancelled)));
        promise.cancelled().await;
    });
}
