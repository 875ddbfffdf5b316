//! How tasks are made, of what, and under which name.

use std::{
    future::{IntoFuture, Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use aio_bridge::{Error, create_named_task, create_task, future, gather, run, shield, wait_for};

use crate::{
    clock::{after, elapse, ms, paused, poll_once, settle, turn},
    notes::Notes,
};

// CPython: test_tasks.py BaseTaskTests.test_task_class
// AT01
// Differs: a task does not tell its loop.
#[test]
fn a_task_starts_when_its_creator_yields_and_gives_its_value() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let mut task = create_task(async move {
            inside.note("ran");
            "ok"
        });
        assert!(!task.done());
        assert_eq!(notes.take(), [""; 0]);
        settle().await;
        assert_eq!(notes.take(), ["ran"]);
        assert!(task.done());
        assert_eq!(task.result().unwrap(), "ok");
    });
}

// CPython: test_tasks.py BaseTaskTests.test_bare_create_task
// AT01
#[test]
fn tasks_start_in_the_order_in_which_they_were_created() {
    paused(async {
        let notes = Notes::new();
        let tasks = ["first", "second", "third"].map(|name| {
            let notes = notes.clone();
            create_task(async move {
                notes.note(name);
                name
            })
        });
        assert_eq!(gather(tasks).await.unwrap(), ["first", "second", "third"]);
        assert_eq!(notes.take(), ["first", "second", "third"]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_ensure_future_coroutine
// AT03
// Differs: there is no `ensure_future`; `shield` and `gather` make a task of a coroutine, and outside of a loop they panic.
#[test]
fn a_coroutine_that_is_shielded_becomes_a_task() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let shielded = shield(async move {
            inside.note("ran");
            "ok"
        });
        turn().await;
        assert_eq!(notes.take(), ["ran"]);
        assert_eq!(shielded.await.unwrap(), "ok");
    });
}

// CPython: test_tasks.py BaseTaskTests.test_ensure_future_coroutine
// AT03
#[test]
#[should_panic(expected = "no running event loop")]
fn a_coroutine_does_not_become_a_task_without_a_loop() {
    drop(shield(async { "ok" }));
}

// CPython: test_tasks.py BaseTaskTests.test_ensure_future_future
// AT03
// Differs: there is no `ensure_future`, and no loop that a future could be foreign to.
#[test]
fn a_future_is_taken_as_it_is_and_needs_no_loop() {
    let (promise, future) = future();
    let mut shielded = shield(future);
    assert!(poll_once(&mut shielded).is_pending());
    promise.set_result("ok").unwrap();
    assert!(matches!(poll_once(&mut shielded), Poll::Ready(Ok("ok"))));
}

// CPython: test_tasks.py BaseTaskTests.test_ensure_future_task
// AT03
// Differs: there is no `ensure_future`; `gather` takes a task as it is.
#[test]
fn a_task_is_taken_as_it_is() {
    paused(async {
        let task = create_task(std::future::pending::<()>());
        let canceller = task.canceller();
        let mut gathered = gather([task]);
        turn().await;
        assert!(gathered.cancel());
        // The very task was asked, and not one around it.
        assert_eq!(canceller.cancelling(), 1);
        assert!(matches!(gathered.await, Err(Error::Cancelled)));
    });
}

/// What is no future, and can be awaited.
struct Aw(u32);

impl IntoFuture for Aw {
    type Output = u32;
    type IntoFuture = Ready<u32>;

    fn into_future(self) -> Ready<u32> {
        ready(self.0)
    }
}

// CPython: test_tasks.py BaseTaskTests.test_ensure_future_awaitable
// AT03
#[test]
fn what_can_be_awaited_becomes_a_task() {
    paused(async {
        assert_eq!(shield(Aw(7)).await.unwrap(), 7);
        assert_eq!(gather([Aw(1), Aw(2)]).await.unwrap(), [1, 2]);
        assert_eq!(wait_for(Aw(7), None).await.unwrap().unwrap(), 7);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_create_task_with_async_function
// AT02
#[test]
fn what_an_async_function_gives_is_a_coroutine() {
    async fn coro() -> &'static str {
        "ok"
    }
    paused(async { assert_eq!(create_task(coro()).await.unwrap(), "ok") });
}

// CPython: test_tasks.py BaseTaskTests.test_create_task_with_asynclike_function
// AT02
// Differs: every std future is a coroutine.
#[test]
fn a_future_of_a_type_of_ones_own_is_a_coroutine() {
    struct CoroLikeObject(bool);

    impl Future for CoroLikeObject {
        type Output = u32;

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Ready(42);
            }
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }

    paused(async { assert_eq!(create_task(CoroLikeObject(false)).await.unwrap(), 42) });
}

// CPython: test_tasks.py BaseTaskTests.test_bare_create_named_task
#[test]
fn a_task_has_the_name_that_it_was_given() {
    paused(async {
        let task = create_named_task("No name", async {
            aio_bridge::current_task().unwrap().name().into_owned()
        });
        assert_eq!(task.name(), "No name");
        assert_eq!(task.await.unwrap(), "No name");
    });
}

// CPython: test_tasks.py BaseTaskTests.test_task_repr_wait_for
// Differs: the text does not say what the task waits for.
#[test]
fn the_debug_text_of_a_task_that_waits_is_that_of_any_pending_one() {
    paused(async {
        let (promise, awaited) = future::<u32>();
        let task = create_named_task("TestTask", async { awaited.await.unwrap() });
        turn().await;
        assert_eq!(format!("{task:?}"), "<Task TestTask: <AioFuture pending>>");
        promise.set_result(7).unwrap();
        assert_eq!(task.await.unwrap(), 7);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_task_repr
// Differs: the text has the name and the state, the type of the value and the kind of the error.
#[test]
fn the_debug_text_of_a_task_names_it_and_its_state() {
    paused(async {
        let task = create_named_task("TestTask", elapse(ms(10)));
        assert_eq!(format!("{task:?}"), "<Task TestTask: <AioFuture pending>>");
        elapse(ms(20)).await;
        assert_eq!(
            format!("{task:?}"),
            "<Task TestTask: <AioFuture finished: ()>>"
        );
        task.await.unwrap();

        let mut cancelled = create_named_task("TestTask", std::future::pending::<()>());
        cancelled.cancel();
        assert_eq!(
            format!("{cancelled:?}"),
            "<Task TestTask: <AioFuture pending>>"
        );
        drop((&mut cancelled).await);
        assert_eq!(
            format!("{cancelled:?}"),
            "<Task TestTask: <AioFuture cancelled>>"
        );

        let mut failed = create_named_task("TestTask", async { panic!("no") });
        settle().await;
        assert_eq!(
            format!("{failed:?}"),
            "<Task TestTask: <AioFuture failed: panic>>"
        );
        assert!(failed.exception().unwrap().is_some());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_task_repr_autogenerated
#[test]
fn a_name_that_nobody_gave_is_unique_and_stays() {
    paused(async {
        let [one, other] = [after(1, ()), after(2, ())];
        assert_ne!(one.name(), other.name());
        for task in [&one, &other] {
            let digits = task.name().strip_prefix("Task-").map(str::to_owned);
            assert_eq!(digits, Some(task.id().to_string()));
        }
        let (before, text) = (one.name().into_owned(), format!("{one:?}"));
        assert!(text.contains(&before), "{text}");
        turn().await;
        assert_eq!(one.name(), before);
        gather([one, other]).await.unwrap();
    });
}

// CPython: test_tasks.py BaseTaskTests.test_log_destroyed_pending_task
// AT13
// Differs: a task belongs to its loop; without its handle it goes on, and there is nothing to report.
#[test]
fn a_task_whose_handle_is_dropped_goes_on_in_silence() {
    let reports = crate::reports::reports_of(|| {
        paused(async {
            let (promise, told) = future();
            drop(create_task(async move {
                elapse(ms(10)).await;
                promise.set_result("went on").unwrap();
            }));
            assert_eq!(told.await.unwrap(), "went on");
        });
    });
    assert_eq!(reports, [""; 0]);
}

// CPython: test_tasks.py BaseTaskTests.test_log_destroyed_pending_task
// AT13
// Differs: a task that is left when its loop ends is cancelled, which is nothing to report either.
#[test]
fn a_task_that_is_left_at_the_end_is_cancelled_in_silence() {
    let reports = crate::reports::reports_of(|| {
        let task = run(async { [create_task(std::future::pending::<()>())] });
        assert!(task.unwrap()[0].cancelled());
    });
    assert_eq!(reports, [""; 0]);
}
