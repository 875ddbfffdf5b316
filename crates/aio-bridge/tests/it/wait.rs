//! `wait` and `wait_timeout`: two sets, and nothing cancelled.

use std::time::Duration;

use aio_bridge::{
    AioFuture, Error, FutureLike, ReturnWhen, SharedAioFuture, Task, create_task, fallible, future,
    to_thread, wait, wait_timeout,
};
use tokio::time::Instant;

use crate::{
    loops::on_each_loop,
    paused::{elapse, ms, paused, settle},
};

/// One that ends after `time`: with a value, or else with a failure.
fn ending(time: u64, succeeds: bool) -> Task<u64> {
    create_task(fallible(async move {
        elapse(ms(time)).await;
        if succeeds { Ok(time) } else { Err("no luck") }
    }))
}

// AT17
#[test]
fn all_completed_gives_all_and_no_failure_of_its_own() {
    paused(async {
        let cancelled = ending(9, true);
        cancelled.cancel();
        let tasks = [ending(3, true), ending(1, false), cancelled];
        let sets = wait(&tasks, ReturnWhen::AllCompleted).await;
        assert!(sets.done.into_iter().eq(&tasks));
        assert!(sets.not_done.is_empty());
        assert!(tasks.into_iter().all(|task| task.done()));
    });
}

// AT17
#[test]
fn both_sets_are_in_input_order() {
    paused(async {
        let tasks = [50, 3, 60, 2, 1].map(|time| ending(time, true));
        let sets = wait_timeout(&tasks, ms(9), ReturnWhen::AllCompleted).await;
        assert!(sets.done.into_iter().eq([&tasks[1], &tasks[3], &tasks[4]]));
        assert!(sets.not_done.into_iter().eq([&tasks[0], &tasks[2]]));
    });
}

// AT17
#[test]
fn a_timeout_is_no_failure_and_cancels_nothing() {
    paused(async {
        let (begin, task) = (Instant::now(), ending(50, true));
        let sets = wait_timeout([&task], ms(9), ReturnWhen::AllCompleted).await;
        assert_eq!((sets.done.len(), sets.not_done.len()), (0, 1));
        assert_eq!(begin.elapsed(), ms(9));
        assert_eq!(task.cancelling(), 0);
        assert_eq!(task.await.unwrap(), 50);
    });
}

#[test]
fn a_timeout_that_is_not_needed_costs_no_time() {
    paused(async {
        let (begin, task) = (Instant::now(), ending(5, true));
        let sets = wait_timeout([task], Duration::MAX, ReturnWhen::AllCompleted).await;
        assert_eq!((sets.done.len(), begin.elapsed()), (1, ms(5)));
    });
}

// AT18
#[test]
fn an_empty_set_is_no_wait() {
    paused(async {
        for when in [
            ReturnWhen::FirstCompleted,
            ReturnWhen::FirstException,
            ReturnWhen::AllCompleted,
        ] {
            let none: [Task<()>; 0] = [];
            let sets = wait(&none, when).await;
            assert!(sets.done.is_empty() && sets.not_done.is_empty());
            let sets = wait_timeout(&none, Duration::MAX, when).await;
            assert!(sets.done.is_empty() && sets.not_done.is_empty());
        }
    });
}

// AT20
#[test]
fn one_given_twice_counts_once() {
    paused(async {
        let (one, other) = (ending(1, true), ending(50, true));
        let sets = wait([&one, &one, &other, &one], ReturnWhen::FirstCompleted).await;
        assert_eq!((sets.done, sets.not_done), (vec![&one], vec![&other]));
    });
}

// AT20
#[test]
fn an_iterator_is_taken_as_a_set() {
    paused(async {
        let tasks = (1..4).map(|time| ending(time, true));
        let sets = wait(tasks, ReturnWhen::AllCompleted).await;
        let mut values = Vec::new();
        for task in sets.done {
            values.push(task.await.unwrap());
        }
        assert_eq!(values, [1, 2, 3]);
    });
}

// AT21
#[test]
fn first_completed_ends_with_the_first_however_it_ends() {
    paused(async {
        for succeeds in [true, false] {
            let (begin, tasks) = (Instant::now(), [ending(9, true), ending(3, succeeds)]);
            let sets = wait(&tasks, ReturnWhen::FirstCompleted).await;
            assert_eq!(
                (sets.done, sets.not_done),
                (vec![&tasks[1]], vec![&tasks[0]])
            );
            assert_eq!(begin.elapsed(), ms(3));
            drop(tasks.map(|mut task| task.result()));
            elapse(ms(20)).await;
        }
    });
}

// AT21
#[test]
fn first_completed_counts_a_cancelled_one() {
    paused(async {
        let tasks = [ending(9, true), ending(50, true)];
        tasks[1].cancel();
        let sets = wait(&tasks, ReturnWhen::FirstCompleted).await;
        assert_eq!(sets.done, [&tasks[1]]);
        assert!(tasks[1].cancelled());
    });
}

// AT21
#[test]
fn first_exception_ends_with_the_first_failure() {
    paused(async {
        let tasks = [ending(1, true), ending(5, false), ending(50, true)];
        let begin = Instant::now();
        let sets = wait(&tasks, ReturnWhen::FirstException).await;
        assert_eq!((sets.done.len(), sets.not_done), (2, vec![&tasks[2]]));
        assert_eq!(begin.elapsed(), ms(5));
        drop(tasks.map(|mut task| task.result()));
    });
}

// AT21
#[test]
fn first_exception_does_not_count_a_cancelled_one() {
    paused(async {
        let tasks = [ending(50, true), ending(9, true)];
        tasks[0].cancel();
        let begin = Instant::now();
        let sets = wait(&tasks, ReturnWhen::FirstException).await;
        assert_eq!(sets.done.len(), 2);
        assert_eq!(begin.elapsed(), ms(9));
    });
}

// AT21
#[test]
fn first_exception_without_one_waits_for_all() {
    paused(async {
        let tasks = [ending(5, true), ending(9, true)];
        let sets = wait(&tasks, ReturnWhen::FirstException).await;
        assert_eq!(sets.done.len(), 2);
    });
}

// AT21
#[test]
fn first_exception_sees_a_failure_that_was_there_before() {
    paused(async {
        let tasks = [ending(0, false), ending(50, true)];
        settle().await;
        let begin = Instant::now();
        let sets = wait(&tasks, ReturnWhen::FirstException).await;
        assert_eq!((sets.done, begin.elapsed()), (vec![&tasks[0]], ms(0)));
        drop(tasks.map(|mut task| task.result()));
    });
}

// AT21
#[test]
fn done_holds_all_that_is_done_when_the_wait_resumes() {
    paused(async {
        let (first, one) = future();
        let (second, other) = future();
        let setter = create_task(async move {
            first.set_result(1).unwrap();
            second.set_result(2).unwrap();
        });
        let sets = wait([&one, &other], ReturnWhen::FirstCompleted).await;
        assert_eq!((sets.done.len(), sets.not_done.len()), (2, 0));
        setter.await.unwrap();
    });
}

// AT22
#[test]
fn a_timeout_of_zero_lets_a_fresh_task_end() {
    paused(async {
        let (begin, quick) = (Instant::now(), create_task(async { 7 }));
        let slow = create_task(std::future::pending::<i32>());
        let sets = wait_timeout([&quick, &slow], ms(0), ReturnWhen::AllCompleted).await;
        assert_eq!((sets.done, sets.not_done), (vec![&quick], vec![&slow]));
        assert_eq!(begin.elapsed(), ms(0));
        slow.cancel();
    });
}

// AT23
#[test]
fn cancelling_the_wait_cancels_nothing_that_it_waits_for() {
    paused(async {
        let task = std::sync::Arc::new(ending(9, true));
        let waited_for = std::sync::Arc::clone(&task);
        let waiter = create_task(async move {
            wait([&*waited_for], ReturnWhen::AllCompleted).await;
        });
        settle().await;
        waiter.cancel();
        assert!(matches!(waiter.await, Err(Error::Cancelled)));
        assert_eq!(task.cancelling(), 0);
        let mut task = std::sync::Arc::into_inner(task).unwrap();
        assert_eq!((&mut task).await.unwrap(), 9);
    });
}

// AT23
#[test]
fn tasks_that_a_dropped_wait_owned_run_on() {
    paused(async {
        let (tell, told) = tokio::sync::oneshot::channel();
        let owned = create_task(async move {
            elapse(ms(5)).await;
            tell.send(7).unwrap();
        });
        let waiter = create_task(async { drop(wait([owned], ReturnWhen::AllCompleted).await) });
        settle().await;
        waiter.cancel();
        assert!(matches!(waiter.await, Err(Error::Cancelled)));
        assert_eq!(told.await.unwrap(), 7);
    });
}

#[test]
fn a_set_mixes_types() {
    on_each_loop(|| async {
        let task = create_task(async { 7 });
        let call: AioFuture<&str> = to_thread(|| "tea");
        let (promise, one) = future();
        let shared: SharedAioFuture<char> = one.shared();
        promise.set_result('x').unwrap();
        let all: [&dyn FutureLike; 3] = [&task, &call, &shared];
        let sets = wait(all, ReturnWhen::AllCompleted).await;
        assert!(sets.done.len() == 3 && sets.done.iter().all(FutureLike::done));
        assert_eq!((task.await.unwrap(), call.await.unwrap()), (7, "tea"));
    });
}

#[test]
fn the_ends_of_ten_thousand_tasks_are_waited_for() {
    on_each_loop(|| async {
        let tasks: Vec<_> = (0..10_000).map(|n| create_task(async move { n })).collect();
        let sets = wait(tasks, ReturnWhen::AllCompleted).await;
        assert_eq!(sets.done.len(), 10_000);
    });
}
