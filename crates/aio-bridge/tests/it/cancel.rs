//! Cancelling a task: the request, the listener, and what a coroutine sees of it.

use std::{task::Poll, thread};

use aio_bridge::{
    Error, TaskCanceller, cancelled, create_task, current_task, fallible, future, run_in_executor,
};
use cf_core::checkpoint;
use cf_pool::ThreadPoolExecutor;
use tokio::{
    sync::{Notify, oneshot},
    task::yield_now,
};

use crate::{
    loops::{Gate, held, on_each_loop, poll_once},
    paused::{Notes, cleaning, elapse, ms, paused, settle, stubborn},
};

// AT05
#[test]
fn cancel_is_a_request_and_cancelled_is_false_until_the_end() {
    paused(async {
        let mut task = cleaning(ms(5), &Notes::default());
        settle().await;
        assert!(task.cancel());
        settle().await;
        assert!(!task.cancelled() && !task.done());
        assert!(matches!((&mut task).await, Err(Error::Cancelled)));
        assert!(task.cancelled() && task.done());
    });
}

// AT05
#[test]
fn cancel_of_an_ended_task_is_refused() {
    on_each_loop(|| async {
        let mut task = create_task(async { 7 });
        assert_eq!((&mut task).await.unwrap(), 7);
        assert!(!task.cancel() && !task.canceller().cancel());
        assert!(!task.cancelled());
        assert_eq!(task.cancelling(), 0);
    });
}

// AT05
#[test]
fn a_task_that_awaits_what_is_not_ours_is_dropped_at_its_await() {
    on_each_loop(|| async {
        let notes = Notes::default();
        let (tell, told) = oneshot::channel();
        let inside = notes.clone();
        let task = create_task(async move {
            let _first = inside.at_drop("outer value");
            let _second = inside.at_drop("inner value");
            tell.send(()).unwrap();
            Notify::new().notified().await;
            inside.note("went on");
        });
        told.await.unwrap();
        assert!(task.cancel());
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.all(), ["inner value", "outer value"]);
    });
}

// AT06
#[test]
fn a_task_cancelled_before_its_first_step_never_runs_a_line() {
    paused(async {
        let notes = Notes::default();
        let (inside, argument) = (notes.clone(), notes.at_drop("argument dropped"));
        let task = create_task(async move {
            let _argument = argument;
            inside.note("ran");
        });
        assert!(task.cancel());
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.all(), ["argument dropped"]);
    });
}

// AT07
#[test]
fn a_task_that_listens_cleans_up_with_awaits_and_gives_a_value() {
    on_each_loop(|| async {
        let (tell, told) = oneshot::channel();
        let mut task = create_task(async move {
            tokio::select! {
                () = async { tell.send(()).unwrap(); std::future::pending().await } => 0,
                () = cancelled() => {
                    yield_now().await;
                    elapse(ms(1)).await;
                    7
                }
            }
        });
        told.await.unwrap();
        assert!(task.cancel());
        assert_eq!((&mut task).await.unwrap(), 7);
        assert!(!task.cancelled());
        assert_eq!(task.cancelling(), 1);
    });
}

// AT07
#[test]
fn a_task_that_took_notice_may_fail_in_its_own_way() {
    paused(async {
        let task = create_task(fallible(async {
            cancelled().await;
            elapse(ms(5)).await;
            Err::<(), _>("no luck")
        }));
        settle().await;
        task.cancel();
        assert_eq!(task.await.unwrap_err().to_string(), "no luck");
    });
}

// AT07
#[test]
fn an_inner_task_that_refuses_gives_its_value_and_the_outer_goes_on() {
    paused(async {
        let inner = stubborn(ms(5));
        let task = create_task(async move { inner.await.unwrap() + 1 });
        settle().await;
        task.cancel();
        assert_eq!(task.await.unwrap(), 8);
    });
}

// AT07
#[test]
fn what_follows_an_inner_task_that_refused_is_cancelled() {
    paused(async {
        let notes = Notes::default();
        let (inner, inside) = (stubborn(ms(5)), notes.clone());
        let task = create_task(async move {
            inner.await.unwrap();
            inside.note("first");
            std::future::pending::<()>().await;
        });
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.all(), ["first"]);
    });
}

// AT08
#[test]
fn a_task_that_cancels_itself_ends_at_its_next_await() {
    on_each_loop(|| async {
        let notes = Notes::default();
        let inside = notes.clone();
        let task = create_task(async move {
            assert!(current_task().unwrap().cancel());
            inside.note("before the await");
            std::future::pending::<()>().await;
            inside.note("after the await");
        });
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.all(), ["before the await"]);
    });
}

// AT08
#[test]
fn a_task_that_cancels_itself_and_awaits_no_more_is_cancelled_although_it_gave_a_value() {
    on_each_loop(|| async {
        let mut task = create_task(async {
            current_task().unwrap().cancel();
            7
        });
        assert!(matches!((&mut task).await, Err(Error::Cancelled)));
        assert!(task.cancelled());
    });
}

// AT08
#[test]
fn a_task_cancelled_during_its_last_step_is_cancelled_although_it_gave_a_value() {
    let runtime = crate::loops::many_threads();
    crate::loops::block_on(&runtime, async {
        let (gate, its_gate) = (Gate::new(), Gate::new());
        let (other, its_other) = (gate.clone(), its_gate.clone());
        let task = create_task(async move {
            gate.open();
            its_gate.pass();
            7
        });
        tokio::task::spawn_blocking(move || other.pass())
            .await
            .unwrap();
        assert!(task.cancel());
        its_other.open();
        assert!(matches!(task.await, Err(Error::Cancelled)));
    });
}

// AT08
#[test]
fn an_await_that_is_ready_by_then_is_passed() {
    paused(async {
        let notes = Notes::default();
        let inside = notes.clone();
        let task = create_task(async move {
            current_task().unwrap().cancel();
            yield_now().await;
            inside.note("the yield was over");
            std::future::pending::<()>().await;
        });
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.all(), ["the yield was over"]);
    });
}

// AT09
#[test]
fn requests_before_it_runs_count_up_and_are_delivered_once() {
    paused(async {
        let task = create_task(async {
            cancelled().await;
            let mut again = cancelled();
            poll_once(&mut again).is_pending()
        });
        settle().await;
        assert!(task.cancel() && task.cancel() && task.canceller().cancel());
        assert_eq!((task.cancelling(), task.canceller().cancelling()), (3, 3));
        assert!(task.await.unwrap());
    });
}

// AT09
#[test]
fn a_later_request_ends_the_clean_up() {
    paused(async {
        let notes = Notes::default();
        let task = cleaning(ms(50), &notes);
        settle().await;
        task.cancel();
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.all(), [""; 0]);
    });
}

// AT09
#[test]
fn a_later_request_ends_the_clean_up_of_the_inner_task() {
    paused(async {
        let notes = Notes::default();
        let inner = cleaning(ms(50), &notes);
        let task = create_task(async move { drop(inner.await) });
        settle().await;
        task.cancel();
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.all(), [""; 0]);
    });
}

// AT10
#[test]
fn the_count_of_requests_stays_when_the_task_has_taken_notice() {
    paused(async {
        let task = create_task(async {
            cancelled().await;
            current_task().unwrap().cancelling()
        });
        settle().await;
        task.cancel();
        assert_eq!(task.await.unwrap(), 1);
    });
}

#[test]
fn a_request_from_another_thread_wakes_the_loop() {
    on_each_loop(|| async {
        let (give, given) = oneshot::channel::<TaskCanceller>();
        let task = create_task(async move {
            give.send(current_task().unwrap()).unwrap();
            std::future::pending::<()>().await;
        });
        let canceller = given.await.unwrap();
        assert!(thread::spawn(move || canceller.cancel()).join().unwrap());
        assert!(matches!(task.await, Err(Error::Cancelled)));
    });
}

#[test]
fn a_canceller_keeps_no_task_from_running() {
    on_each_loop(|| async {
        let task = create_task(async { 7 });
        let canceller = task.canceller();
        assert_eq!(
            (canceller.id(), &*canceller.name()),
            (task.id(), &*task.name())
        );
        drop(canceller);
        assert_eq!(task.await.unwrap(), 7);
    });
}

#[test]
fn a_listener_outside_a_task_is_never_told() {
    paused(async {
        let mut listener = cancelled();
        settle().await;
        assert!(poll_once(&mut listener).is_pending());
    });
}

#[test]
fn a_listener_that_is_not_polled_holds_a_request_back_until_it_is_dropped() {
    paused(async {
        let notes = Notes::default();
        let inside = notes.clone();
        let task = create_task(async move {
            let mut listener = cancelled();
            assert!(poll_once(&mut listener).is_pending());
            elapse(ms(5)).await;
            inside.note("slept");
            drop(listener);
            std::future::pending::<()>().await;
        });
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.all(), ["slept"]);
    });
}

#[test]
fn a_listener_that_was_dropped_takes_no_request() {
    paused(async {
        let task = create_task(async {
            tokio::select! {
                biased;
                () = cancelled() => {}
                () = yield_now() => {}
            }
            std::future::pending::<()>().await;
        });
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
    });
}

// AT05
#[test]
fn a_promise_whose_future_is_awaited_hears_of_it() {
    on_each_loop(|| async {
        let (mut promise, awaited) = future::<u32>();
        let (tell, told) = oneshot::channel();
        let task = create_task(async move {
            tell.send(()).unwrap();
            drop(awaited.await);
        });
        told.await.unwrap();
        task.cancel();
        promise.cancelled().await;
        assert!(matches!(task.await, Err(Error::Cancelled)));
    });
}

// AT05
#[test]
fn a_call_that_is_awaited_and_has_not_started_never_does() {
    on_each_loop(|| async {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let (opener, first) = held(&pool, || ());
        let queued = run_in_executor(&pool, || unreachable!("it was cancelled"));
        let (tell, told) = oneshot::channel();
        let task = create_task(async move {
            tell.send(()).unwrap();
            queued.await
        });
        told.await.unwrap();
        task.cancel();
        assert!(task.await.is_err());
        opener.open();
        first.result().unwrap();
        pool.shutdown();
    });
}

// AT05
#[test]
fn a_call_that_is_awaited_and_runs_is_asked_to_stop_and_not_waited_for() {
    on_each_loop(|| async {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let gate = Gate::new();
        let its_gate = gate.clone();
        let (tell, told) = oneshot::channel();
        let (ended, at_end) = oneshot::channel();
        let task = create_task(async move {
            let call = run_in_executor(&pool, move || {
                tell.send(()).unwrap();
                its_gate.pass();
                ended.send(checkpoint().is_err()).unwrap();
            });
            drop(call.await);
        });
        told.await.unwrap();
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        gate.open();
        assert!(at_end.await.unwrap());
    });
}

#[test]
fn a_cancelled_future_is_an_ordinary_error_to_the_task_that_awaits_it() {
    on_each_loop(|| async {
        let (_promise, awaited) = future::<u32>();
        awaited.cancel();
        let mut task = create_task(async move { matches!(awaited.await, Err(Error::Cancelled)) });
        assert!((&mut task).await.unwrap());
        assert!(!task.cancelled());
    });
}

#[test]
fn a_poll_outside_of_its_task_delivers_nothing() {
    paused(async {
        let mut task = stubborn(ms(5));
        settle().await;
        assert!(matches!(poll_once(&mut task), Poll::Pending));
        assert_eq!(task.cancelling(), 0);
        task.cancel();
        assert_eq!(task.await.unwrap(), 7);
    });
}
