//! Tasks: when they start, what their outcome is, who they are, and what becomes of them when nobody looks.

use std::{cell::Cell, collections::HashSet, rc::Rc, sync::mpsc, thread};

use aio_bridge::sleep;
use aio_bridge::{
    Error, Task, create_local_task, create_named_task, create_task, current_task, fallible, future,
    isfuture, wrap_future,
};
use tokio::{sync::oneshot, task::yield_now};

use crate::{
    loops::{ends, on_each_loop, on_one_thread, one_thread, poll_once},
    paused::{Notes, ms, paused, settle},
    reports::reports_of,
};

// AT01
#[test]
fn a_task_does_not_run_before_its_creator_yields_on_one_thread() {
    on_one_thread(async {
        let notes = Notes::default();
        let inside = notes.clone();
        let task = create_task(async move { inside.note("task") });
        notes.note("creator");
        task.await.unwrap();
        assert_eq!(notes.all(), ["creator", "task"]);
    });
}

// AT01
#[test]
fn tasks_start_in_the_order_of_their_creation_on_one_thread() {
    on_one_thread(async {
        let (tell, told) = mpsc::channel();
        let tasks = (0..20).map(|n| {
            let tell = tell.clone();
            create_task(async move { tell.send(n).unwrap() })
        });
        for task in tasks.collect::<Vec<_>>().into_iter().rev() {
            task.await.unwrap();
        }
        drop(tell);
        assert!(told.iter().eq(0..20));
    });
}

// AT01
#[test]
fn a_task_of_several_threads_may_run_while_its_creator_does_not_yield() {
    let runtime = crate::loops::many_threads();
    crate::loops::block_on(&runtime, async {
        let (tell, told) = mpsc::channel();
        let task = create_task(async move { tell.send(7).unwrap() });
        assert_eq!(told.recv_timeout(crate::loops::LONG), Ok(7));
        task.await.unwrap();
    });
}

// AT16
#[test]
fn a_coroutine_that_never_suspends_is_not_done_when_its_task_is_created() {
    on_one_thread(async {
        let task = create_task(async { 7 });
        assert!(!task.done());
        assert_eq!(task.await.unwrap(), 7);
    });
}

// AT02
#[test]
fn a_bare_future_is_taken_as_a_coroutine() {
    on_each_loop(|| async {
        assert_eq!(create_task(std::future::ready(7)).await.unwrap(), 7);
        let (promise, future) = future();
        promise.set_result(7).unwrap();
        assert_eq!(create_task(future).await.unwrap().unwrap(), 7);
    });
}

// AT02
#[test]
fn a_task_can_be_the_body_of_another() {
    on_each_loop(|| async {
        let inner = create_task(async { 7 });
        let outer = create_task(fallible(inner));
        assert_eq!(outer.await.unwrap(), 7);
    });
}

// AT03
#[test]
fn wrapping_a_task_gives_the_same_one() {
    on_each_loop(|| async {
        let task = create_task(async { 7 });
        let id = task.id();
        let wrapped = wrap_future(task);
        assert_eq!(wrapped.id(), id);
        assert_eq!(wrapped.await.unwrap(), 7);
    });
}

// AT04
#[test]
fn a_task_is_a_future() {
    on_each_loop(|| async {
        let task = create_task(async {});
        assert!(isfuture!(task));
        task.await.unwrap();
    });
}

// AT11
#[test]
fn a_coroutine_that_fails_with_cancelled_counts_as_cancelled() {
    on_each_loop(|| async {
        let mut task = create_task(fallible(async { Err::<(), _>(Error::Cancelled) }));
        assert!(matches!((&mut task).await, Err(Error::Cancelled)));
        assert!(task.cancelled());
    });
}

// AT11
#[test]
fn a_cancelled_error_that_is_a_value_is_a_value() {
    on_each_loop(|| async {
        let mut task = create_task(async { Err::<(), _>(Error::Cancelled) });
        assert!(matches!((&mut task).await, Ok(Err(Error::Cancelled))));
        assert!(!task.cancelled());
    });
}

// AT12
#[test]
fn a_panic_stays_in_its_task_and_the_loop_goes_on() {
    on_each_loop(|| async {
        let panicked = create_task(async { panic!("boom") });
        let other = create_task(async { 7 });
        let Err(Error::Panicked(panic)) = panicked.await else {
            panic!("it has panicked");
        };
        assert_eq!(panic.message(), "boom");
        assert_eq!(other.await.unwrap(), 7);
    });
}

// AT12
#[test]
fn an_interruption_that_a_task_gives_is_its_failure_only() {
    on_each_loop(|| async {
        let task = create_task(fallible(async { Err::<(), _>(Error::Interrupted) }));
        assert!(matches!(task.await, Err(Error::Interrupted)));
    });
}

// AT13
#[test]
fn a_task_whose_handle_is_dropped_runs_on() {
    on_each_loop(|| async {
        let (tell, told) = oneshot::channel();
        drop(create_task(async move {
            yield_now().await;
            tell.send(7).unwrap();
        }));
        assert_eq!(told.await.unwrap(), 7);
    });
}

#[test]
fn a_failure_of_a_dropped_task_is_reported_once() {
    let reports = reports_of(|| {
        paused(async {
            drop(create_task(fallible(async { Err::<(), _>("no luck") })));
            settle().await;
        });
    });
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(reports[0].starts_with("ERROR "), "{reports:?}");
    assert!(reports[0].contains("task exception was never retrieved"));
    assert!(reports[0].contains("no luck"));
}

#[test]
fn a_failure_of_an_ended_task_is_reported_when_its_handle_is_dropped() {
    let reports = reports_of(|| {
        paused(async {
            let task = create_task(fallible(async { Err::<(), _>("no luck") }));
            settle().await;
            assert!(task.done());
            drop(task);
        });
    });
    assert_eq!(reports.len(), 1, "{reports:?}");
}

#[test]
fn a_failure_that_was_looked_at_is_not_reported() {
    type Look = fn(&mut Task<()>);
    let looks: [Look; 3] = [
        |task| drop(task.result()),
        |task| drop(task.exception()),
        |task| assert!(task.peek(|_| ()).is_some()),
    ];
    for look in looks {
        let reports = reports_of(|| {
            paused(async {
                let mut task = create_task(fallible(async { Err::<(), _>("no luck") }));
                settle().await;
                look(&mut task);
            });
        });
        assert_eq!(reports, [""; 0]);
    }
}

#[test]
fn a_cancelled_task_that_nobody_awaits_is_not_reported() {
    let reports = reports_of(|| {
        paused(async {
            let task = create_task(std::future::pending::<()>());
            settle().await;
            task.cancel();
            drop(task);
            settle().await;
        });
    });
    assert_eq!(reports, [""; 0]);
}

tokio::task_local! {
    static WORD: &'static str;
}

// AT14
#[test]
fn a_task_local_of_the_creator_is_not_seen_in_the_task() {
    on_each_loop(|| {
        WORD.scope("tea", async {
            assert!(
                create_task(async { WORD.try_get().is_err() })
                    .await
                    .unwrap()
            );
            assert_eq!(WORD.get(), "tea");
        })
    });
}

// AT15
#[test]
fn a_task_that_awaits_itself_gets_an_error_that_names_it() {
    on_each_loop(|| async {
        let (give, given) = oneshot::channel::<Task<String>>();
        let task = create_named_task("snake", async move {
            let myself = given.await.unwrap();
            match myself.await {
                Err(Error::Deadlock(deadlock)) => deadlock.to_string(),
                other => panic!("{other:?}"),
            }
        });
        let (tell, told) = oneshot::channel();
        task.add_done_callback(|done| tell.send(done.result().unwrap().clone()).unwrap());
        give.send(task).unwrap();
        let text = told.await.unwrap();
        assert!(text.contains("snake, which awaits itself"), "{text}");
    });
}

// AT51
#[test]
fn a_sleep_of_zero_is_one_pass_of_the_loop() {
    on_one_thread(async {
        let notes = Notes::default();
        let inside = notes.clone();
        let task = create_task(async move {
            inside.note("first step");
            // time: a sleep of zero is what is tested
            sleep(ms(0)).await;
            inside.note("second step");
        });
        // time: as above
        sleep(ms(0)).await;
        notes.note("creator");
        task.await.unwrap();
        assert_eq!(notes.all(), ["first step", "creator", "second step"]);
    });
}

#[test]
fn the_current_task_is_the_one_that_runs() {
    on_each_loop(|| async {
        assert!(current_task().is_none());
        let task = create_named_task("tea", async {
            let before = current_task().unwrap();
            let inner = create_task(async { current_task().unwrap().id() });
            let inner_id = inner.id();
            assert_eq!(inner.await.unwrap(), inner_id);
            assert_eq!(before.id(), current_task().unwrap().id());
            assert_eq!(before.name(), "tea");
            before.id()
        });
        let id = task.id();
        assert_eq!(task.await.unwrap(), id);
    });
}

#[test]
fn a_task_has_the_name_it_was_given_or_one_with_its_number() {
    on_each_loop(|| async {
        let named = create_named_task("tea", async {});
        let other = create_task(async {});
        assert_eq!(named.name(), "tea");
        assert_eq!(other.name(), format!("Task-{}", other.id()));
        assert!(format!("{named:?}").starts_with("<Task tea: "));
        named.await.unwrap();
        other.await.unwrap();
    });
}

#[expect(clippy::mutable_key_type, reason = "its identity is what is hashed")]
#[test]
fn two_tasks_are_equal_if_they_are_the_same() {
    on_each_loop(|| async {
        let tasks = HashSet::from([create_task(async {}), create_task(async {})]);
        assert_eq!(tasks.len(), 2);
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn a_pending_task_has_no_result_and_no_exception_yet() {
    on_one_thread(async {
        let mut task = create_task(async { 7 });
        assert!(matches!(task.result(), Err(Error::InvalidState)));
        assert!(matches!(task.exception(), Err(Error::InvalidState)));
        assert!(task.peek(|_| ()).is_none());
        assert_eq!(task.await.unwrap(), 7);
    });
}

#[test]
fn an_ended_task_gives_its_value_once() {
    paused(async {
        let mut task = create_task(async { 7 });
        settle().await;
        assert_eq!(task.peek(|outcome| *outcome.unwrap()), Some(7));
        assert!(matches!(task.exception(), Ok(None)));
        assert_eq!(task.result().unwrap(), 7);
        assert!(matches!(task.result(), Err(Error::InvalidState)));
    });
}

#[test]
fn a_task_polled_after_its_end_is_in_an_invalid_state() {
    paused(async {
        let mut task = create_task(async { 7 });
        assert_eq!((&mut task).await.unwrap(), 7);
        assert!(matches!((&mut task).await, Err(Error::InvalidState)));
    });
}

#[test]
fn a_cancelled_task_has_neither_result_nor_exception() {
    paused(async {
        let mut task = create_task(std::future::pending::<()>());
        task.cancel();
        settle().await;
        assert!(matches!(task.result(), Err(Error::Cancelled)));
        assert!(matches!(task.exception(), Err(Error::Cancelled)));
    });
}

#[test]
fn a_callback_runs_before_the_value_is_handed_out() {
    on_each_loop(|| async {
        let notes = Notes::default();
        let task = create_task(async { 7 });
        let (first, second) = (notes.clone(), notes.clone());
        task.add_done_callback(move |_| first.note("first"));
        task.add_done_callback(move |_| second.note("second"));
        task.await.unwrap();
        notes.note("awaited");
        assert_eq!(notes.all(), ["first", "second", "awaited"]);
    });
}

#[test]
fn a_removed_callback_is_not_called() {
    on_each_loop(|| async {
        let task = create_task(async { 7 });
        let id = task.add_done_callback(|_| unreachable!("it was removed"));
        assert!(task.remove_done_callback(id) && !task.remove_done_callback(id));
        assert_eq!(task.await.unwrap(), 7);
    });
}

#[test]
fn a_local_task_need_not_be_send() {
    on_each_loop(|| async {
        let local = tokio::task::LocalSet::new();
        let word = Rc::new(Cell::new("tea"));
        let inside = Rc::clone(&word);
        let task = local
            .run_until(async move {
                let task = create_local_task(async move {
                    yield_now().await;
                    inside.set("cake");
                });
                assert!(!task.done());
                task.await
            })
            .await;
        task.unwrap();
        assert_eq!(word.get(), "cake");
    });
}

#[test]
fn a_local_task_is_cancelled_as_any_other() {
    paused(async {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let inner = create_local_task(std::future::pending::<()>());
                let canceller = inner.canceller();
                let outer = create_local_task(async move { drop(inner.await) });
                settle().await;
                assert!(outer.cancel());
                assert!(matches!(outer.await, Err(Error::Cancelled)));
                assert!(!canceller.cancel());
            })
            .await;
    });
}

#[test]
fn a_task_can_be_awaited_on_a_thread_without_a_loop() {
    on_each_loop(|| async {
        let task = create_task(async { 7 });
        let (tell, told) = oneshot::channel();
        let elsewhere = thread::spawn(move || {
            tell.send(futures::executor::block_on(task)).unwrap();
        });
        assert_eq!(told.await.unwrap().unwrap(), 7);
        elsewhere.join().unwrap();
    });
}

#[test]
fn a_task_whose_loop_is_gone_is_cancelled() {
    ends(|| {
        let runtime = one_thread();
        let notes = Notes::default();
        let (started, fresh) = runtime.block_on(async {
            let at_end = notes.at_drop("dropped");
            let started = create_task(async move {
                let _at_end = at_end;
                std::future::pending::<()>().await;
            });
            yield_now().await;
            (started, create_task(async {}))
        });
        drop(runtime);
        assert!(started.cancelled() && fresh.cancelled());
        assert_eq!(notes.all(), ["dropped"]);
    });
}

#[test]
#[should_panic(expected = "aio_bridge::run")]
fn a_task_outside_a_loop_is_refused_by_a_panic_that_says_what_to_do() {
    drop(create_task(async {}));
}

#[test]
fn a_pending_task_is_pending_to_any_poll() {
    on_one_thread(async {
        let mut task = create_task(async { 7 });
        assert!(poll_once(&mut task).is_pending());
        assert_eq!(task.await.unwrap(), 7);
    });
}
