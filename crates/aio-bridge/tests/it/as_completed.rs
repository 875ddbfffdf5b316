//! `as_completed`: futures and tasks as they end, step by step or as a stream.

use std::time::Duration;

use aio_bridge::{
    Error, Task, as_completed, as_completed_timeout, create_task, fallible, future, to_thread,
};
use futures::StreamExt;
use tokio::time::Instant;

use crate::{
    loops::on_each_loop,
    paused::{elapse, ms, paused, settle},
};

fn after(time: u64) -> Task<u64> {
    create_task(async move {
        elapse(ms(time)).await;
        time
    })
}

// AT31
#[test]
fn they_come_in_the_order_in_which_they_end() {
    paused(async {
        let mut completed = as_completed([30, 10, 20].map(after));
        for expected in [10, 20, 30] {
            let task = completed.next().await.unwrap();
            assert!(task.done());
            assert_eq!(task.await.unwrap(), expected);
        }
        assert!(completed.next().await.is_none());
        assert!(completed.next().await.is_none());
    });
}

// AT31
#[test]
fn it_is_a_stream() {
    paused(async {
        let completed = as_completed([30, 10, 20].map(after));
        assert_eq!(futures::Stream::size_hint(&completed), (3, Some(3)));
        let values: Vec<_> = completed
            .then(|task| task)
            .map(Result::unwrap)
            .collect()
            .await;
        assert_eq!(values, [10, 20, 30]);
    });
}

// AT31
#[test]
fn work_of_threads_comes_as_it_ends() {
    on_each_loop(|| async {
        let calls = (0..50_u64).map(|n| to_thread(move || n));
        let sum = as_completed(calls)
            .fold(0, |sum, call| async move { sum + call.await.unwrap() })
            .await;
        assert_eq!(sum, 1_225);
    });
}

// AT31
#[test]
fn failures_and_cancellations_come_as_well() {
    paused(async {
        let failed = create_task(fallible(async { Err::<u64, _>("no luck") }));
        let cancelled = after(50);
        cancelled.cancel();
        let mut completed = as_completed([after(5), failed, cancelled]);
        let mut outcomes = Vec::new();
        while let Some(task) = completed.next().await {
            outcomes.push(task.await);
        }
        assert!(matches!(
            outcomes[..],
            [Err(Error::Raised(_)), Err(Error::Cancelled), Ok(5)]
        ));
    });
}

// AT32
#[test]
fn the_tasks_themselves_come_out() {
    paused(async {
        let tasks = [3, 1, 2].map(after);
        let mut completed = as_completed(&tasks);
        for expected in [1, 2, 0] {
            assert_eq!(completed.next().await, Some(&tasks[expected]));
        }
    });
}

#[test]
fn what_has_ended_before_comes_first_in_input_order() {
    paused(async {
        let tasks = [9, 0, 3, 0].map(after);
        tasks[2].cancel();
        settle().await;
        let mut completed = as_completed(&tasks);
        for expected in [1, 2, 3, 0] {
            assert_eq!(completed.next().await, Some(&tasks[expected]));
        }
    });
}

// AT33
#[test]
fn an_end_between_the_call_and_the_first_step_is_in_its_order() {
    paused(async {
        let (first, one) = future();
        let (second, other) = future();
        let futures = [one, other];
        let mut completed = as_completed(&futures);
        second.set_result(2).unwrap();
        first.set_result(1).unwrap();
        assert_eq!(completed.next().await, Some(&futures[1]));
        assert_eq!(completed.next().await, Some(&futures[0]));
    });
}

// AT34
#[test]
fn when_the_time_is_over_there_is_one_error_and_nothing_is_cancelled() {
    paused(async {
        let begin = Instant::now();
        let tasks = [5, 50, 60].map(after);
        let mut completed = as_completed_timeout(&tasks, ms(20));
        assert_eq!(completed.next().await, Some(Ok(&tasks[0])));
        let error = completed.next().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "2 (of 3) futures unfinished");
        assert_eq!(begin.elapsed(), ms(20));
        assert!(completed.next().await.is_none());
        drop(completed);
        assert!(tasks.iter().all(|task| task.cancelling() == 0));
        for (task, expected) in tasks.into_iter().zip([5, 50, 60]) {
            assert_eq!(task.await.unwrap(), expected);
        }
    });
}

// AT34
#[test]
fn a_time_that_is_not_used_up_gives_no_error() {
    paused(async {
        let mut completed = as_completed_timeout([5, 7].map(after), Duration::MAX);
        assert!(completed.next().await.unwrap().is_ok());
        assert!(completed.next().await.unwrap().is_ok());
        assert!(completed.next().await.is_none());
    });
}

// AT34
#[test]
fn the_time_begins_with_the_call() {
    paused(async {
        let mut completed = as_completed_timeout([after(50)], ms(20));
        elapse(ms(15)).await;
        let begin = Instant::now();
        assert!(completed.next().await.unwrap().is_err());
        assert_eq!(begin.elapsed(), ms(5));
    });
}

#[test]
fn what_is_done_comes_also_when_the_time_is_over() {
    paused(async {
        let mut completed = as_completed_timeout([1, 2, 50].map(after), ms(5));
        elapse(ms(20)).await;
        assert_eq!(completed.next().await.unwrap().unwrap().await.unwrap(), 1);
        assert_eq!(completed.next().await.unwrap().unwrap().await.unwrap(), 2);
        let error = completed.next().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "1 (of 3) futures unfinished");
    });
}

#[test]
fn one_with_a_timeout_is_a_stream() {
    paused(async {
        let steps = as_completed_timeout([1, 50].map(after), ms(5));
        let steps: Vec<_> = steps.map(|step| step.is_ok()).collect().await;
        assert_eq!(steps, [true, false]);
    });
}

// AT35
#[test]
fn one_given_twice_comes_once() {
    paused(async {
        let (one, other) = (after(1), after(2));
        let completed = as_completed([&one, &other, &one]);
        assert_eq!(completed.collect::<Vec<_>>().await, [&one, &other]);
    });
}

// AT35
#[test]
fn it_can_be_left_and_resumed() {
    paused(async {
        let tasks = [10, 20, 30].map(after);
        let mut completed = as_completed(&tasks);
        assert_eq!(completed.next().await, Some(&tasks[0]));
        tokio::select! {
            biased;
            _ = completed.next() => unreachable!("it takes longer"),
            () = elapse(ms(1)) => {}
        }
        elapse(ms(50)).await;
        assert_eq!(completed.collect::<Vec<_>>().await, [&tasks[1], &tasks[2]]);
    });
}

#[test]
fn none_given_is_the_end() {
    paused(async {
        let none: [Task<()>; 0] = [];
        assert!(as_completed(&none).next().await.is_none());
        assert!(as_completed_timeout(&none, ms(0)).next().await.is_none());
    });
}

#[test]
fn ten_thousand_come_in_order() {
    paused(async {
        let tasks: Vec<_> = (0..10_000_u64)
            .map(|n| create_task(async move { n }))
            .collect();
        let mut completed = as_completed(tasks);
        for expected in 0..10_000 {
            assert_eq!(completed.next().await.unwrap().await.unwrap(), expected);
        }
    });
}
