//! `wait_for`: one awaitable for a limited time, which is over when it has really ended.

use std::{sync::Arc, time::Duration};

use aio_bridge::{Error, cancelled, create_task, fallible, future, run_in_executor, wait_for};
use cf_core::checkpoint;
use cf_pool::ThreadPoolExecutor;
use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

use crate::{
    loops::{Gate, on_each_loop},
    paused::{Notes, cleaning, elapse, ms, paused, settle, stubborn},
    reports::reports_of,
};

const FAR: Duration = Duration::from_secs(9);

// AT36
#[test]
fn what_ends_in_time_gives_its_outcome() {
    paused(async {
        let begin = Instant::now();
        let task = create_task(async {
            elapse(ms(5)).await;
            7
        });
        assert_eq!(wait_for(task, FAR).await.unwrap().unwrap(), 7);
        let failing = wait_for(async { Err::<(), _>("no luck") }, FAR)
            .await
            .unwrap();
        assert_eq!(failing.unwrap_err().to_string(), "no luck");
        let panicking = create_task(async { panic!("boom") });
        let panicked = wait_for(panicking, FAR).await.unwrap();
        assert!(matches!(panicked, Err(Error::Panicked(_))));
        assert_eq!(begin.elapsed(), ms(5));
    });
}

// AT36
#[test]
fn a_task_that_is_late_is_cancelled_and_waited_for() {
    paused(async {
        let (begin, notes) = (Instant::now(), Notes::default());
        assert!(wait_for(cleaning(ms(5), &notes), ms(3)).await.is_err());
        assert_eq!(notes.all(), ["cleaned up"]);
        assert_eq!(begin.elapsed(), ms(8));
    });
}

// AT36
#[test]
fn a_coroutine_that_is_late_has_ended_when_it_fails() {
    paused(async {
        let notes = Notes::default();
        let at_end = notes.at_drop("dropped");
        let endless = async move {
            let _at_end = at_end;
            std::future::pending::<()>().await;
        };
        let error = wait_for(endless, ms(3)).await.unwrap_err();
        notes.note("failed");
        assert_eq!(notes.all(), ["dropped", "failed"]);
        assert!(matches!(Error::from(error), Error::TimedOut(_)));
    });
}

// AT36
#[test]
fn a_coroutine_runs_in_the_callers_own_task() {
    on_each_loop(|| async {
        let task = create_task(async {
            let id = || aio_bridge::current_task().unwrap().id();
            wait_for(async move { id() }, FAR).await.unwrap().unwrap() == id()
        });
        assert!(task.await.unwrap());
    });
}

// AT36
#[test]
fn a_call_that_is_late_is_asked_to_stop() {
    on_each_loop(|| async {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let (gate, ended) = (Gate::new(), Arc::new(Notify::new()));
        let (its_gate, at_end) = (gate.clone(), Arc::clone(&ended));
        let (tell, told) = oneshot::channel();
        let call = run_in_executor(&pool, move || {
            tell.send(()).unwrap();
            its_gate.pass();
            assert!(checkpoint().is_err());
            at_end.notify_one();
        });
        told.await.unwrap();
        // time: it stands at the gate much longer
        assert!(wait_for(call, ms(10)).await.is_err());
        gate.open();
        ended.notified().await;
    });
}

// AT37
#[test]
fn a_late_task_that_goes_on_has_its_value_given_however_long_it_takes() {
    paused(async {
        let begin = Instant::now();
        assert_eq!(wait_for(stubborn(ms(50)), ms(3)).await.unwrap().unwrap(), 7);
        assert_eq!(begin.elapsed(), ms(53));
    });
}

// AT37
#[test]
fn a_late_coroutine_that_goes_on_has_its_value_given_however_long_it_takes() {
    paused(async {
        let begin = Instant::now();
        let coroutine = async {
            cancelled().await;
            elapse(ms(20)).await;
            elapse(ms(30)).await;
            7
        };
        assert_eq!(wait_for(coroutine, ms(3)).await.unwrap().unwrap(), 7);
        assert_eq!(begin.elapsed(), ms(53));
    });
}

// AT37
#[test]
fn a_late_task_that_fails_in_its_own_way_has_its_failure_given() {
    paused(async {
        let failing = create_task(fallible(async {
            cancelled().await;
            Err::<(), _>("no luck")
        }));
        let outcome = wait_for(failing, ms(3)).await.unwrap();
        assert_eq!(outcome.unwrap_err().to_string(), "no luck");
    });
}

// AT38
#[test]
fn a_time_of_zero_gives_the_outcome_of_what_is_done() {
    paused(async {
        let task = create_task(async { 7 });
        settle().await;
        assert_eq!(wait_for(task, ms(0)).await.unwrap().unwrap(), 7);
        let (promise, one) = future();
        promise.set_result(8).unwrap();
        assert_eq!(wait_for(one, ms(0)).await.unwrap().unwrap(), 8);
    });
}

// AT38
#[test]
fn a_time_of_zero_gives_the_outcome_of_a_shared_future_that_is_done() {
    paused(async {
        let (promise, one) = future();
        promise.set_result(7).unwrap();
        assert_eq!(wait_for(one.shared(), ms(0)).await.unwrap().unwrap(), 7);
    });
}

// AT38
#[test]
fn a_time_of_zero_runs_no_line_of_a_coroutine() {
    paused(async {
        let notes = Notes::default();
        let inside = notes.clone();
        let coroutine = async move { inside.note("ran") };
        assert!(wait_for(coroutine, ms(0)).await.is_err());
        assert_eq!(notes.all(), [""; 0]);
    });
}

// AT38
#[test]
fn a_time_of_zero_runs_no_line_of_a_task_that_has_not_started() {
    paused(async {
        let notes = Notes::default();
        let inside = notes.clone();
        let task = create_task(async move { inside.note("ran") });
        let canceller = task.canceller();
        assert!(wait_for(task, ms(0)).await.is_err());
        assert_eq!((notes.all(), canceller.cancel()), (vec![], false));
    });
}

// AT38
#[test]
fn a_time_of_zero_cancels_a_running_task_and_waits_for_it() {
    paused(async {
        let notes = Notes::default();
        let task = cleaning(ms(5), &notes);
        settle().await;
        assert!(wait_for(task, ms(0)).await.is_err());
        assert_eq!(notes.all(), ["cleaned up"]);
    });
}

// AT39
#[test]
fn no_time_waits_for_ever() {
    paused(async {
        let (begin, day) = (Instant::now(), Duration::from_secs(60 * 60));
        let long = create_task(async move {
            elapse(day).await;
            7
        });
        assert_eq!(wait_for(long, None).await.unwrap().unwrap(), 7);
        assert_eq!(begin.elapsed(), day);
    });
}

// AT39
#[test]
fn a_time_beyond_the_clock_waits_for_ever() {
    paused(async {
        let task = create_task(elapse(ms(5)));
        wait_for(task, Duration::MAX).await.unwrap().unwrap();
        wait_for(elapse(ms(5)), Duration::MAX)
            .await
            .unwrap()
            .unwrap();
    });
}

// AT40
#[test]
fn cancelling_it_cancels_the_task_and_waits_for_it() {
    paused(async {
        let notes = Notes::default();
        let inner = cleaning(ms(5), &notes);
        let task = create_task(async move { wait_for(inner, FAR).await });
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.all(), ["cleaned up"]);
    });
}

// AT40
#[test]
fn dropping_it_cancels_the_task() {
    paused(async {
        let notes = Notes::default();
        let inner = cleaning(ms(5), &notes);
        tokio::select! {
            _ = wait_for(inner, FAR) => unreachable!("it waits"),
            () = elapse(ms(3)) => {}
        }
        elapse(ms(9)).await;
        assert_eq!(notes.all(), ["cleaned up"]);
    });
}

// AT40
#[test]
fn a_value_that_is_there_when_the_wait_is_cancelled_is_not_lost() {
    paused(async {
        let (promise, one) = future();
        let task = create_task(async move { wait_for(one, FAR).await.unwrap().unwrap() });
        settle().await;
        promise.set_result(7).unwrap();
        assert!(task.cancel());
        assert_eq!(task.await.unwrap(), 7);
    });
}

// AT40
#[test]
fn one_that_is_cancelled_when_its_time_is_over_is_cancelled() {
    paused(async {
        let inner = cleaning(ms(9), &Notes::default());
        let task = create_task(async move { wait_for(inner, ms(5)).await.is_err() });
        elapse(ms(3)).await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
    });
}

#[test]
fn an_awaitable_that_cancels_itself_is_no_timeout() {
    paused(async {
        let task = create_task(std::future::pending::<()>());
        let canceller = task.canceller();
        let waiter = create_task(wait_for(task, FAR));
        settle().await;
        canceller.cancel();
        assert!(matches!(waiter.await.unwrap(), Ok(Err(Error::Cancelled))));
    });
}

#[test]
fn a_failure_that_comes_too_late_is_not_reported() {
    let reports = reports_of(|| {
        paused(async {
            let (promise, one) = future::<u32>();
            assert!(wait_for(one, ms(3)).await.is_err());
            assert!(promise.set_exception("no luck").is_err());
        });
    });
    assert_eq!(reports, [""; 0]);
}
