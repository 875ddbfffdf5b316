//! How far a cancellation reaches: through everything a coroutine can be made of, to what it waits for.

use std::{future::Future, pin::Pin, time::Duration};

use aio_bridge::{
    Error, Task, TaskGroup, as_completed, create_task, fallible, gather, shield, timeout, wait_for,
};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};

use crate::{
    loops::on_each_loop,
    paused::{Notes, cleaning, elapse, ms, paused, settle},
};

/// Cancels a task that awaits, as `outer` has it, a task that takes time to clean up: it ends after that, and goes on nowhere.
fn reaches<F>(outer: impl FnOnce(Task<()>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    paused(async {
        let notes = Notes::default();
        let inner = cleaning(ms(5), &notes);
        let (canceller, outer, inside) = (inner.canceller(), outer(inner), notes.clone());
        let task = create_task(async move {
            outer.await;
            inside.note("went on");
        });
        settle().await;
        assert!(task.cancel());
        let (ended, noting) = (task.canceller(), notes.clone());
        task.add_done_callback(move |_| noting.note("ended"));
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(
            canceller.cancelling(),
            1,
            "the inner task was not cancelled"
        );
        assert_eq!(notes.all(), ["cleaned up", "ended"]);
        assert!(!ended.cancel());
    });
}

// AT05
#[test]
fn it_reaches_a_task_that_is_awaited() {
    reaches(|inner| async { drop(inner.await) });
}

// AT05
#[test]
fn it_reaches_through_tasks_that_await_tasks() {
    reaches(|mut inner| {
        for _ in 0..100 {
            inner = create_task(fallible(inner));
        }
        async { drop(inner.await) }
    });
}

#[test]
fn it_reaches_through_async_functions() {
    async fn outermost(inner: Task<()>) -> Result<(), Error> {
        middle(inner).await?;
        unreachable!("it was cancelled")
    }
    async fn middle(inner: Task<()>) -> Result<(), Error> {
        async move { inner.await.map(drop) }.await
    }
    reaches(|inner| async { drop(outermost(inner).await) });
}

#[test]
fn it_reaches_through_a_boxed_future() {
    reaches(|inner| {
        let boxed: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async { drop(inner.await) });
        boxed
    });
}

#[test]
fn it_reaches_through_adapters() {
    reaches(|inner| inner.map(drop).fuse().map(|()| ()).boxed());
}

#[test]
fn it_reaches_through_a_mutable_reference() {
    reaches(|mut inner| async move {
        drop((&mut inner).await);
        unreachable!("it was cancelled: {inner:?}");
    });
}

#[test]
fn it_reaches_through_join_beside_what_is_not_ours() {
    reaches(|inner| async {
        drop(tokio::join!(std::future::pending::<()>(), inner));
    });
}

#[test]
fn it_reaches_all_branches_of_a_join() {
    let notes = Notes::default();
    let others = notes.clone();
    reaches(move |inner| {
        let other = cleaning(ms(3), &others);
        async { drop(tokio::join!(inner, other)) }
    });
    assert_eq!(notes.all(), ["cleaned up"]);
}

#[test]
fn it_reaches_through_select_beside_what_is_not_ours() {
    reaches(|inner| async {
        tokio::select! {
            () = std::future::pending() => {}
            _ = inner => {}
        }
    });
}

#[test]
fn it_reaches_through_join_all() {
    reaches(|inner| async { drop(futures::future::join_all([inner]).await) });
}

// AT05: deviates, a combinator that polls only what was woken does not hear of it, so what it awaits is not waited for.
#[test]
fn tasks_that_are_not_polled_are_cancelled_all_the_same() {
    paused(async {
        let notes = Notes::default();
        let inner = cleaning(ms(5), &notes);
        let canceller = inner.canceller();
        let task = create_task(async move {
            let mut unordered = FuturesUnordered::from_iter([inner]);
            drop(unordered.next().await);
        });
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(canceller.cancelling(), 1);
        assert_eq!(notes.all(), [""; 0]);
        elapse(ms(9)).await;
        assert_eq!(notes.all(), ["cleaned up"]);
    });
}

// AT28
#[test]
fn it_reaches_through_gather() {
    reaches(|inner| async { drop(gather([inner]).await) });
}

// AT28
#[test]
fn it_reaches_through_gather_that_returns_exceptions() {
    reaches(|inner| async { drop(gather([inner]).return_exceptions().await) });
}

// AT28
#[test]
fn it_reaches_through_gather_of_several_types() {
    reaches(|inner| async { drop(gather!(inner, std::future::pending::<u8>()).await) });
}

// AT28
#[test]
fn it_reaches_through_gather_of_several_types_that_returns_exceptions() {
    reaches(|inner| async { drop(gather!(return_exceptions; async { 7 }, inner).await) });
}

// AT40
#[test]
fn it_reaches_through_wait_for_a_task() {
    reaches(|inner| async { drop(wait_for(inner, Duration::from_secs(9)).await) });
}

// AT40
#[test]
fn it_reaches_through_wait_for_a_coroutine() {
    reaches(|inner| async { drop(wait_for(async { inner.await.map(drop) }, None).await) });
}

// AT42
#[test]
fn it_reaches_through_timeouts() {
    reaches(|inner| async {
        let inside = timeout(Duration::from_secs(7), inner);
        drop(timeout(Duration::from_secs(9), inside).await);
    });
}

// AT45
#[test]
fn it_reaches_the_tasks_of_a_group_whose_block_is_over() {
    reaches(|inner| async {
        let scope = TaskGroup::scope(|group| async move { group.create_task(inner).map(drop) });
        drop(scope.await);
    });
}

// AT45
#[test]
fn it_reaches_the_block_of_a_group() {
    reaches(|inner| async { drop(TaskGroup::scope(|_| inner).await) });
}

// AT43
#[test]
fn it_does_not_reach_through_a_shield() {
    on_each_loop(|| async {
        let (promise, gate) = aio_bridge::future::<u32>();
        let inner = create_task(fallible(gate));
        let canceller = inner.canceller();
        let (tell, told) = tokio::sync::oneshot::channel();
        let (report, reported) = tokio::sync::oneshot::channel();
        inner.add_done_callback(move |done| report.send(*done.result().unwrap()).unwrap());
        let task = create_task(async move {
            let shielded = shield(inner);
            tell.send(()).unwrap();
            shielded.await
        });
        told.await.unwrap();
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(canceller.cancelling(), 0);
        promise.set_result(7).unwrap();
        assert_eq!(reported.await.unwrap(), 7);
    });
}

// AT23
#[test]
fn it_does_not_reach_what_is_only_watched() {
    paused(async {
        let inner = std::sync::Arc::new(cleaning(ms(5), &Notes::default()));
        let watched = std::sync::Arc::clone(&inner);
        let task = create_task(async move {
            as_completed([&*watched]).next().await;
        });
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(inner.cancelling(), 0);
        inner.cancel();
        settle().await;
    });
}
