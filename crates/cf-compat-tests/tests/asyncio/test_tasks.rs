//! test_asyncio/test_tasks.py: tasks, and what waits for them; each theme has a file below.

mod as_completed;
mod cancel;
mod context;
mod current;
mod gather;
mod self_cancel;
mod shield;
mod starting;
mod threadsafe;
mod unseen;
mod wait;

use std::time::Duration;

use aio_bridge::{Error, FutureLike, create_task, fallible, future, isfuture};
use tokio::time::Instant;

use crate::{
    clock::{elapse, ms, on_loop, paused, turn},
    notes::Notes,
};

// CPython: test_tasks.py BaseTaskTests.test_task_basics
#[test]
fn nested_awaits_add_up() {
    async fn outer() -> u32 {
        inner1().await + inner2().await
    }
    async fn inner1() -> u32 {
        turn().await;
        42
    }
    async fn inner2() -> u32 {
        1_000
    }
    paused(async { assert_eq!(create_task(outer()).await.unwrap(), 1_042) });
}

// CPython: test_tasks.py BaseTaskTests.test_coroutine_non_gen_function
#[test]
fn a_coroutine_without_an_await_runs() {
    paused(async {
        async fn func() -> &'static str {
            "test"
        }
        assert_eq!(func().await, "test");
    });
}

// CPython: test_tasks.py BaseTaskTests.test_coroutine_non_gen_function_return_future
#[expect(clippy::async_yields_async, reason = "that is what is tested")]
#[test]
fn a_future_that_a_coroutine_gives_is_not_awaited_for_it() {
    paused(async {
        let (promise, future) = future();
        let task = create_task(async move { future });
        let given = task.await.unwrap();
        assert!(!given.done());
        promise.set_result("test").unwrap();
        assert_eq!(given.await.unwrap(), "test");
    });
}

// CPython: test_tasks.py BaseTaskTests.test_sleep
// Differs: a sleep gives nothing; the value follows in the next line.
#[test]
fn two_halves_of_a_sleep_add_up() {
    async fn sleeper(time: Duration, arg: &str) -> &str {
        // time: on the paused clock
        aio_bridge::sleep(time / 2).await;
        // time: on the paused clock
        aio_bridge::sleep(time / 2).await;
        arg
    }
    paused(async {
        let begin = Instant::now();
        assert_eq!(create_task(sleeper(ms(100), "yeah")).await.unwrap(), "yeah");
        assert_eq!(begin.elapsed(), ms(100));
    });
}

// CPython: test_tasks.py SleepTests.test_sleep_zero
// AT51
#[test]
fn a_sleep_of_zero_lets_what_was_called_soon_run_once() {
    on_loop(async {
        let notes = Notes::new();
        let handle = tokio::runtime::Handle::current();
        let later = notes.clone();
        aio_bridge::call_soon_threadsafe(&handle, move || later.note("update"));
        assert_eq!(notes.take(), [""; 0]);
        // time: none passes
        aio_bridge::sleep(Duration::ZERO).await;
        assert_eq!(notes.take(), ["update"]);
        // time: none passes
        aio_bridge::sleep(Duration::ZERO).await;
        assert_eq!(notes.take(), [""; 0]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_sleep_cancel
#[test]
fn a_sleep_that_is_cancelled_takes_no_time() {
    paused(async {
        let begin = Instant::now();
        let task = create_task(elapse(ms(10_000)));
        turn().await;
        assert!(task.cancel());
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(begin.elapsed(), Duration::ZERO);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_baseexception_during_cancel
// AT12
// Differs: no exception means exit; a panic of the clean-up is the failure of its task, and the loop goes on.
#[test]
fn a_panic_in_the_clean_up_stays_in_its_task() {
    paused(async {
        let mut task = create_task(async {
            aio_bridge::cancelled().await;
            panic!("in the clean-up");
        });
        turn().await;
        task.cancel();
        let Err(Error::Panicked(panic)) = (&mut task).await else {
            panic!("it has not panicked");
        };
        assert_eq!(panic.message(), "in the clean-up");
        assert!(task.done() && !task.cancelled());
        assert_eq!(create_task(async { 7 }).await.unwrap(), 7);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_step_result_future
// Differs: a coroutine awaits whatever is a std future, and nothing of it but `poll` is called.
#[test]
fn a_task_awaits_a_future_of_a_type_of_ones_own() {
    struct Fut(u32, aio_bridge::AioFuture<u32>);

    impl Future for Fut {
        type Output = u32;

        fn poll(
            mut self: std::pin::Pin<&mut Self>,
            context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<u32> {
            self.0 += 1;
            let value = std::task::ready!(std::pin::Pin::new(&mut self.1).poll(context));
            std::task::Poll::Ready(value.unwrap() + self.0)
        }
    }

    paused(async {
        let (promise, future) = future();
        let task = create_task(Fut(0, future));
        turn().await;
        promise.set_result(40).unwrap();
        assert_eq!(task.await.unwrap(), 42);
    });
}

// CPython: test_tasks.py GenericTaskTests.test_future_subclass
// AT04, M03
// Differs: a task is a future by a trait that both types have.
#[test]
fn a_task_goes_wherever_a_future_goes() {
    paused(async {
        let (_promise, future) = future::<u32>();
        let task = create_task(async { "tea" });
        assert!(isfuture!(task));
        let both: [&dyn FutureLike; 2] = [&task, &future];
        assert!(both.iter().all(|one| !one.done() && !one.cancelled()));
        for one in both {
            assert!(one.cancel());
        }
        assert!(future.cancelled());
        assert!(matches!(task.await, Err(Error::Cancelled)));
    });
}

// CPython: test_tasks.py BaseTaskTests.test_task_awaits_on_itself
// AT15
// Differs: the await gives an error, which names the task.
#[test]
fn a_task_that_awaits_itself_is_told_so() {
    paused(async {
        let (give, given) = tokio::sync::oneshot::channel();
        let (tell, told) = tokio::sync::oneshot::channel();
        let task = create_task(fallible(async move {
            let own: aio_bridge::Task<()> = given.await.unwrap();
            let name = own.name().into_owned();
            let error = own.await.unwrap_err();
            tell.send((name, error.to_string())).unwrap();
            Err::<(), _>(error)
        }));
        give.send(task).unwrap();
        let (name, error) = told.await.unwrap();
        assert!(error.contains(&name), "{error}");
    });
}

// CPython: test_tasks.py BaseTaskTests.test_exception_traceback
// Differs: an error has no traceback; a panic tells where it began.
#[test]
fn a_panic_tells_where_it_began() {
    paused(async {
        let task = create_task(async { panic!("division by zero") });
        let Err::<(), _>(Error::Panicked(panic)) = task.await else {
            panic!("it has not panicked");
        };
        let place = panic.location().unwrap();
        assert!(place.file().ends_with("test_tasks.rs"), "{place}");
    });
}
