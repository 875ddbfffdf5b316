//! `SharedAioFuture`: clones that each get the outcome, and what they have in common.

use std::{
    cell::Cell,
    fmt::Error as NoInk,
    future::IntoFuture,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    thread,
};

use aio_bridge::{AioPromise, Error, SharedAioFuture, future, wrap_future};
use cf_core::{Promise, SharedFuture, checkpoint};
use tokio::sync::oneshot;

use crate::loops::{ends, on_each_loop, on_one_thread, poll_once};

fn pending() -> (AioPromise<u32>, SharedAioFuture<u32>) {
    let (promise, future) = future();
    (promise, future.shared())
}

/// One whose work runs, on no thread in particular.
fn running() -> (Promise<u32>, SharedAioFuture<u32>) {
    let (promise, future) = Promise::new();
    assert!(promise.set_running_or_notify_cancel());
    (promise, wrap_future(future).shared())
}

// AF15
#[test]
fn several_tasks_that_await_it_all_get_the_value() {
    on_each_loop(|| async {
        let (promise, shared) = pending();
        let tasks: Vec<_> = (0..8).map(|_| tokio::spawn(shared.clone())).collect();
        tokio::task::yield_now().await;
        promise.set_result(7).unwrap();
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap(), 7);
        }
        assert_eq!(shared.await.unwrap(), 7);
    });
}

// AF15
#[test]
fn one_clone_is_awaited_as_often_as_one_likes() {
    on_each_loop(|| async {
        let (promise, mut shared) = pending();
        assert!(poll_once(&mut shared).is_pending());
        promise.set_result(7).unwrap();
        for _ in 0..3 {
            assert_eq!((&mut shared).await.unwrap(), 7);
        }
    });
}

// AF15
#[test]
fn it_is_ready_at_the_first_poll_once_it_is_done() {
    let (promise, shared) = pending();
    promise.set_result(7).unwrap();
    assert!(matches!(poll_once(&mut shared.clone()), Poll::Ready(Ok(7))));
}

// AF15, AF25
#[test]
fn all_clones_fail_with_one_and_the_same_exception() {
    let (promise, shared) = pending();
    let other = shared.clone();
    promise
        .set_exception(std::io::Error::other("disk"))
        .unwrap();
    let inner = |error: &Error| std::ptr::from_ref(error.downcast_ref::<std::io::Error>().unwrap());
    let one = futures::executor::block_on(shared).unwrap_err();
    let two = futures::executor::block_on(other).unwrap_err();
    assert!(inner(&one) == inner(&two));
    assert_eq!(one.to_string(), "disk");
}

#[test]
fn threads_and_tasks_get_it_together() {
    ends(|| {
        let (promise, shared) = pending();
        let readers: Vec<_> = (0..4)
            .map(|n| {
                let shared = shared.clone();
                thread::spawn(move || match n % 2 {
                    0 => smol::block_on(shared).unwrap(),
                    _ => on_one_thread(shared.into_future()).unwrap(),
                })
            })
            .collect();
        promise.set_result(7).unwrap();
        for reader in readers {
            assert_eq!(reader.join().unwrap(), 7);
        }
    });
}

// AF02
#[test]
fn a_pending_one_answers_with_an_invalid_state() {
    let (_promise, shared) = pending();
    assert!(!shared.done() && !shared.cancelled());
    assert!(matches!(shared.result(), Err(Error::InvalidState)));
    assert!(matches!(shared.exception(), Err(Error::InvalidState)));
    assert!(shared.peek(|_| ()).is_none());
}

#[test]
fn a_done_one_answers_as_often_as_it_is_asked() {
    let (promise, shared) = pending();
    promise.set_result(7).unwrap();
    for _ in 0..2 {
        assert!(shared.done() && !shared.cancelled());
        assert_eq!(shared.result().unwrap(), 7);
        assert!(shared.exception().unwrap().is_none());
        assert_eq!(shared.peek(|outcome| *outcome.unwrap()), Some(7));
    }
}

#[test]
fn a_failed_one_gives_its_exception_in_every_way() {
    let (promise, shared) = pending();
    promise.set_exception(NoInk).unwrap();
    let is_no_ink = |error: &Error| error.downcast_ref::<NoInk>().is_some();
    assert!(is_no_ink(&shared.result().unwrap_err()));
    assert!(is_no_ink(&shared.exception().unwrap().unwrap()));
    assert_eq!(shared.peek(|it| is_no_ink(it.unwrap_err())), Some(true));
    assert!(is_no_ink(&futures::executor::block_on(shared).unwrap_err()));
}

#[test]
fn a_value_that_cannot_be_cloned_can_still_be_looked_at() {
    struct Unique(u32);
    let (promise, future) = future();
    let shared = future.shared();
    promise.set_result(Unique(7)).unwrap();
    assert_eq!(shared.clone().peek(|it| it.map_or(0, |it| it.0)), Some(7));
}

// AF03
#[test]
fn a_cancel_through_one_clone_is_true_once_for_all() {
    let (promise, shared) = pending();
    let other = shared.clone();
    assert!(shared.cancel() && !shared.cancel() && !other.cancel());
    assert!(other.done() && other.cancelled() && promise.is_cancelled());
}

// AF05
#[test]
fn a_cancelled_one_says_so_wherever_it_is_asked() {
    let (_promise, shared) = pending();
    let mut other = shared.clone();
    assert!(shared.cancel());
    for _ in 0..2 {
        assert!(matches!(other.result(), Err(Error::Cancelled)));
        assert!(matches!(other.exception(), Err(Error::Cancelled)));
        assert!(matches!(
            poll_once(&mut other),
            Poll::Ready(Err(Error::Cancelled))
        ));
    }
}

// B18
#[test]
fn a_cancel_wakes_all_who_await_it() {
    on_each_loop(|| async {
        let (_promise, shared) = pending();
        let tasks: Vec<_> = (0..4).map(|_| tokio::spawn(shared.clone())).collect();
        tokio::task::yield_now().await;
        assert!(shared.cancel());
        for task in tasks {
            assert!(matches!(task.await.unwrap(), Err(Error::Cancelled)));
        }
    });
}

// B18
#[test]
fn running_work_that_one_clone_cancels_is_cancelled_for_all_at_once() {
    let (promise, shared) = running();
    let mut other = shared.clone();
    assert!(poll_once(&mut other).is_pending());
    assert!(shared.cancel() && other.cancelled());
    assert!(matches!(promise.run(checkpoint), Err(Error::Cancelled)));
    promise.set_result(7).unwrap();
    assert!(matches!(other.result(), Err(Error::Cancelled)));
}

#[test]
fn dropping_one_clone_cancels_nothing() {
    let (promise, shared) = pending();
    drop(shared.clone());
    assert!(!promise.is_cancelled() && !shared.cancelled());
}

#[test]
fn dropping_the_last_clone_cancels_what_has_not_started() {
    let (promise, shared) = pending();
    let other = shared.clone();
    drop(shared);
    drop(other);
    assert!(promise.is_cancelled());
}

#[test]
fn dropping_the_last_clone_asks_running_work_to_stop() {
    let (promise, shared) = running();
    drop(shared.clone());
    assert!(promise.run(checkpoint).is_ok());
    drop(shared);
    assert!(matches!(promise.run(checkpoint), Err(Error::Cancelled)));
}

#[test]
fn a_task_that_is_aborted_takes_its_clone_with_it_and_nothing_else() {
    on_each_loop(|| async {
        let (promise, shared) = pending();
        let task = tokio::spawn(shared.clone());
        tokio::task::yield_now().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        promise.set_result(7).unwrap();
        assert_eq!(shared.await.unwrap(), 7);
    });
}

#[test]
fn the_value_goes_with_the_last_clone() {
    let (promise, future) = future();
    let value = Arc::new(());
    let shared = future.shared();
    let other = shared.clone();
    promise.set_result(Arc::clone(&value)).unwrap();
    drop(shared);
    assert_eq!(Arc::strong_count(&value), 2);
    drop(other);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn one_that_was_cancelled_before_it_was_shared_is_cancelled() {
    let (_promise, future) = future::<u32>();
    assert!(future.cancel());
    let shared = future.shared();
    assert!(shared.done() && shared.cancelled() && !shared.cancel());
    assert!(matches!(shared.result(), Err(Error::Cancelled)));
}

#[test]
fn running_work_that_was_cancelled_before_it_was_shared_is_cancelled() {
    let (promise, blocking) = Promise::<u32>::new();
    assert!(promise.set_running_or_notify_cancel());
    let future = wrap_future(blocking);
    assert!(future.cancel());
    let shared = future.shared();
    assert!(shared.done() && shared.cancelled());
    promise.set_result(7).unwrap();
    assert!(matches!(shared.result(), Err(Error::Cancelled)));
}

#[test]
fn one_whose_value_was_taken_before_it_was_shared_has_none() {
    let (promise, mut future) = future();
    promise.set_result(7).unwrap();
    assert_eq!(future.result().unwrap(), 7);
    assert!(matches!(future.shared().result(), Err(Error::InvalidState)));
}

// AF07, AF08
#[test]
fn callbacks_of_all_clones_stand_in_one_line() {
    on_each_loop(|| async {
        let order = Arc::new(Mutex::new(Vec::new()));
        let (promise, shared) = pending();
        for n in 0..10 {
            let orders = Arc::clone(&order);
            let add = move |_: &cf_core::Done<'_, u32>| orders.lock().unwrap().push(n);
            shared.clone().add_done_callback(add);
        }
        let (tell, told) = oneshot::channel();
        shared.add_done_callback(|done| tell.send(*done.result().unwrap()).unwrap());
        promise.set_result(7).unwrap();
        assert_eq!(told.await.unwrap(), 7);
        assert!(order.lock().unwrap().iter().copied().eq(0..10));
    });
}

// AF07
#[test]
fn a_callback_is_not_called_inside_set_result_nor_inside_add() {
    on_one_thread(async {
        let (promise, shared) = pending();
        let called = Arc::new(AtomicUsize::new(0));
        let count = || {
            let called = Arc::clone(&called);
            move |_: &cf_core::Done<'_, u32>| {
                called.fetch_add(1, Ordering::SeqCst);
            }
        };
        shared.add_done_callback(count());
        promise.set_result(7).unwrap();
        shared.add_done_callback(count());
        assert_eq!(called.load(Ordering::SeqCst), 0);
        let (tell, told) = oneshot::channel();
        shared.add_done_callback(|_| tell.send(()).unwrap());
        told.await.unwrap();
        assert_eq!(called.load(Ordering::SeqCst), 2);
    });
}

// AF11
#[test]
fn any_clone_removes_a_callback() {
    on_one_thread(async {
        let (promise, shared) = pending();
        let id = shared.add_done_callback(|_| panic!("it was removed"));
        let other = shared.clone();
        assert!(other.remove_done_callback(id) && !shared.remove_done_callback(id));
        let (tell, told) = oneshot::channel();
        shared.add_done_callback(|_| tell.send(()).unwrap());
        promise.set_result(7).unwrap();
        told.await.unwrap();
    });
}

#[test]
fn a_cancel_of_running_work_calls_back_at_once() {
    on_each_loop(|| async {
        let (promise, shared) = running();
        let (tell, told) = oneshot::channel();
        shared.add_done_callback(|done| tell.send(done.cancelled()).unwrap());
        assert!(shared.cancel());
        assert!(told.await.unwrap());
        promise.set_result(7).unwrap();
    });
}

// B24: what fails while the outcome is copied ends who awaits it, and nobody waits for ever.
#[test]
fn a_value_whose_clone_panics_ends_the_task_that_awaits_it_and_no_other() {
    thread_local! {
        static IS_FAULTY: Cell<bool> = const { Cell::new(false) };
    }
    #[derive(Debug)]
    struct Faulty;
    impl Clone for Faulty {
        fn clone(&self) -> Self {
            assert!(!IS_FAULTY.get(), "no ink");
            Self
        }
    }
    on_one_thread(async {
        let (promise, future) = future();
        let shared = future.shared();
        let task = aio_bridge::create_task(shared.clone());
        tokio::task::yield_now().await;
        promise.set_result(Faulty).unwrap();
        IS_FAULTY.set(true);
        assert!(matches!(task.await, Err(Error::Panicked(_))));
        IS_FAULTY.set(false);
        shared.await.unwrap();
    });
}

// AF24
#[test]
fn its_debug_text_names_the_state() {
    let (_promise, shared) = pending();
    assert!(format!("{shared:?}").starts_with("<SharedAioFuture"));
    assert!(format!("{shared:?}").contains("pending"));
    assert!(shared.cancel());
    assert!(format!("{shared:?}").contains("cancelled"));
}

/// A blocking future of which several read, beside those who await it.
fn beside() -> (Promise<u32>, SharedFuture<u32>) {
    let (promise, future) = Promise::new();
    (promise, future.shared())
}

// B11
#[test]
fn several_wraps_of_one_shared_future_each_get_the_value() {
    on_each_loop(|| async {
        let (promise, blocking) = beside();
        let wraps = [(); 3].map(|()| wrap_future(blocking.clone()));
        promise.set_result(7).unwrap();
        for wrap in wraps {
            assert_eq!(wrap.await.unwrap(), 7);
        }
        assert_eq!(blocking.result().unwrap(), 7);
    });
}

// B11
#[test]
fn dropping_one_of_several_wraps_leaves_the_others_and_the_work() {
    let (promise, blocking) = beside();
    let [one, mut other] = [(); 2].map(|()| wrap_future(blocking.clone()));
    drop(one);
    assert!(!promise.is_cancelled() && !other.done());
    promise.set_result(7).unwrap();
    assert!(matches!(poll_once(&mut other), Poll::Ready(Ok(7))));
}

// B11
#[test]
fn a_callback_of_one_wrap_is_not_one_of_another() {
    on_one_thread(async {
        let (promise, blocking) = beside();
        let [one, other] = [(); 2].map(|()| wrap_future(blocking.clone()));
        let (tell, told) = oneshot::channel();
        let id = one.add_done_callback(|_| tell.send(()).unwrap());
        assert!(!other.remove_done_callback(id));
        promise.set_result(7).unwrap();
        told.await.unwrap();
    });
}

// B18
#[test]
fn cancelling_one_of_several_wraps_cancels_the_work_and_all_of_them() {
    let (promise, blocking) = beside();
    let [one, mut other] = [(); 2].map(|()| wrap_future(blocking.clone()));
    assert!(one.cancel());
    assert!(promise.is_cancelled() && blocking.cancelled() && other.cancelled());
    assert!(matches!(
        poll_once(&mut other),
        Poll::Ready(Err(Error::Cancelled))
    ));
}

// B17
#[test]
fn a_wrap_cancelled_while_the_work_runs_stays_so_and_the_source_keeps_its_value() {
    let (promise, blocking) = beside();
    assert!(promise.set_running_or_notify_cancel());
    let wrap = wrap_future(blocking.clone());
    assert!(wrap.cancel());
    promise.set_result(7).unwrap();
    assert!(wrap.cancelled());
    assert_eq!(blocking.result().unwrap(), 7);
}

#[test]
fn dropping_all_wraps_leaves_the_work_to_a_blocking_clone() {
    let (promise, blocking) = beside();
    drop([(); 2].map(|()| wrap_future(blocking.clone())));
    promise.set_result(7).unwrap();
    assert_eq!(blocking.result().unwrap(), 7);
}

#[test]
fn dropping_the_last_wrap_of_a_shared_future_cancels_nothing_as_dropping_that_does() {
    let (promise, blocking) = beside();
    let wrap = wrap_future(blocking);
    drop(wrap);
    assert!(!promise.is_cancelled());
    promise.set_result(7).unwrap();
}
