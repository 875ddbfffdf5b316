//! Done callbacks that add and remove others, that come late, and whose loop ends before they can be called.

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use aio_bridge::{AioFuture, CallbackId, Error, future};
use tokio::{runtime::Handle, sync::oneshot};

use crate::loops::{
    LONG, block_on, ends, many_threads, on_each_loop, on_one_thread, one_thread, poll_once,
};

/// A future that its own callbacks can reach.
type Reachable = Arc<OnceLock<AioFuture<u32>>>;

fn reachable(future: AioFuture<u32>) -> Reachable {
    let reachable = Reachable::default();
    reachable.set(future).unwrap();
    reachable
}

// AF12
#[test]
fn a_callback_may_add_another_which_is_called_after_those_there_are() {
    on_each_loop(|| async {
        let order = Arc::new(Mutex::new(Vec::new()));
        let (promise, future) = future();
        let future = reachable(future);
        let (tell, told) = oneshot::channel();
        let (orders, again) = (Arc::clone(&order), Arc::clone(&future));
        future.get().unwrap().add_done_callback(move |_| {
            orders.lock().unwrap().push("first");
            again.get().unwrap().add_done_callback(move |done| {
                orders.lock().unwrap().push("added");
                tell.send(*done.result().unwrap()).unwrap();
            });
        });
        let orders = Arc::clone(&order);
        let second = move |_: &cf_core::Done<'_, u32>| orders.lock().unwrap().push("second");
        future.get().unwrap().add_done_callback(second);
        promise.set_result(7).unwrap();
        assert_eq!(told.await.unwrap(), 7);
        assert_eq!(*order.lock().unwrap(), ["first", "second", "added"]);
    });
}

// AF12
#[test]
fn a_callback_may_remove_a_later_one() {
    on_each_loop(|| async {
        let later: Arc<OnceLock<CallbackId>> = Arc::default();
        let (promise, future) = future();
        let future = reachable(future);
        let (tell, told) = oneshot::channel();
        let (id, again) = (Arc::clone(&later), Arc::clone(&future));
        future.get().unwrap().add_done_callback(move |_| {
            let was_there = again
                .get()
                .unwrap()
                .remove_done_callback(*id.get().unwrap());
            tell.send(was_there).unwrap();
        });
        let removed = future
            .get()
            .unwrap()
            .add_done_callback(|_| panic!("it was removed"));
        later.set(removed).unwrap();
        let (tell_last, told_last) = oneshot::channel();
        let last = |_: &cf_core::Done<'_, u32>| tell_last.send(()).unwrap();
        future.get().unwrap().add_done_callback(last);
        promise.set_result(7).unwrap();
        assert!(told.await.unwrap());
        told_last.await.unwrap();
    });
}

// AF12
#[test]
fn a_callback_cannot_remove_itself() {
    on_each_loop(|| async {
        let own: Arc<OnceLock<CallbackId>> = Arc::default();
        let (promise, future) = future();
        let future = reachable(future);
        let (tell, told) = oneshot::channel();
        let (id, again) = (Arc::clone(&own), Arc::clone(&future));
        let id = future.get().unwrap().add_done_callback(move |_| {
            let was_there = again
                .get()
                .unwrap()
                .remove_done_callback(*id.get().unwrap());
            tell.send(was_there).unwrap();
        });
        own.set(id).unwrap();
        promise.set_result(7).unwrap();
        assert!(!told.await.unwrap());
    });
}

// AF12
#[test]
fn a_callback_may_remove_all_that_are_left() {
    on_one_thread(async {
        let ids: Arc<Mutex<Vec<CallbackId>>> = Arc::default();
        let (promise, future) = future();
        let future = reachable(future);
        let (tell, told) = oneshot::channel();
        let (all, again) = (Arc::clone(&ids), Arc::clone(&future));
        future.get().unwrap().add_done_callback(move |_| {
            let ids = std::mem::take(&mut *all.lock().unwrap());
            let n_removed = ids
                .into_iter()
                .filter(|id| again.get().unwrap().remove_done_callback(*id))
                .count();
            tell.send(n_removed).unwrap();
        });
        for _ in 0..5 {
            let id = future
                .get()
                .unwrap()
                .add_done_callback(|_| panic!("it was removed"));
            ids.lock().unwrap().push(id);
        }
        promise.set_result(7).unwrap();
        assert_eq!(told.await.unwrap(), 5);
    });
}

#[test]
fn a_callback_sees_its_future_done() {
    on_each_loop(|| async {
        let (promise, future) = future();
        let future = reachable(future);
        let (tell, told) = oneshot::channel();
        let again = Arc::clone(&future);
        future.get().unwrap().add_done_callback(move |_| {
            let future = again.get().unwrap();
            tell.send((future.done(), future.cancelled(), future.cancel()))
                .unwrap();
        });
        promise.set_result(7).unwrap();
        assert_eq!(told.await.unwrap(), (true, false, false));
    });
}

#[test]
fn a_callback_may_drop_the_last_handle_on_its_future() {
    on_each_loop(|| async {
        let (promise, future) = future();
        let future = Arc::new(Mutex::new(Some(future)));
        let (tell, told) = oneshot::channel();
        let again = Arc::clone(&future);
        let callback = move |_: &cf_core::Done<'_, u32>| {
            let future = again.lock().unwrap().take();
            drop(future);
            tell.send(()).unwrap();
        };
        let id = future
            .lock()
            .unwrap()
            .as_ref()
            .map(|it| it.add_done_callback(callback));
        assert!(id.is_some());
        promise.set_result(7).unwrap();
        told.await.unwrap();
        assert!(future.lock().unwrap().is_none());
    });
}

#[test]
fn a_callback_is_dropped_once_it_was_called() {
    on_each_loop(|| async {
        let (promise, future) = future();
        let kept = Arc::new(());
        let there = Arc::clone(&kept);
        future.add_done_callback(move |_| drop(there));
        promise.set_result(7).unwrap();
        assert_eq!(future.await.unwrap(), 7);
        assert_eq!(Arc::strong_count(&kept), 1);
    });
}

#[test]
fn callbacks_that_come_while_the_last_one_ends_are_not_lost() {
    block_on(&many_threads(), async {
        let (promise, future) = future();
        promise.set_result(7).unwrap();
        let called = Arc::new(AtomicUsize::new(0));
        let mut n_added = 0;
        for round in 0..20_000 {
            let calls = Arc::clone(&called);
            future.add_done_callback(move |_| {
                calls.fetch_add(1, Ordering::SeqCst);
            });
            n_added += 1;
            // The runner ends at about this time: the next one is added before, while and after it does.
            (0..round % 64).for_each(|_| std::hint::spin_loop());
        }
        let (tell, told) = oneshot::channel();
        future.add_done_callback(|_| tell.send(()).unwrap());
        told.await.expect("the last one was dropped");
        assert_eq!(called.load(Ordering::SeqCst), n_added);
        assert_eq!(future.await.unwrap(), 7);
    });
}

#[test]
#[should_panic(expected = "add_done_callback needs a running event loop")]
fn outside_a_loop_none_can_be_added() {
    let (_promise, future) = future::<u32>();
    future.add_done_callback(|_| ());
}

#[test]
fn a_refused_callback_leaves_the_future_as_it_was() {
    let (promise, future) = future();
    let future = std::panic::AssertUnwindSafe(future);
    std::panic::catch_unwind(|| future.add_done_callback(|_| ())).unwrap_err();
    promise.set_result(7).unwrap();
    assert_eq!(futures::executor::block_on(future.0).unwrap(), 7);
}

#[test]
fn a_loop_that_ends_first_drops_them_uncalled() {
    for runtime in [one_thread(), many_threads()] {
        let kept = Arc::new(());
        let (promise, future) = future();
        let there = Arc::clone(&kept);
        runtime.block_on(async {
            future.add_done_callback(move |_| {
                let _there = &there;
                panic!("the loop is gone");
            });
        });
        drop(runtime);
        assert_eq!(Arc::strong_count(&kept), 1);
        promise.set_result(7).unwrap();
        assert_eq!(futures::executor::block_on(future).unwrap(), 7);
    }
}

#[test]
fn a_loop_that_ends_lets_go_of_who_awaits_the_future_elsewhere() {
    ends(|| {
        let runtime = one_thread();
        let (promise, mut future) = future();
        runtime.block_on(async { future.add_done_callback(|_| panic!("the loop is gone")) });
        promise.set_result(7).unwrap();
        // The value is there, but the callbacks are to see it first, on a loop that nobody drives.
        assert!(poll_once(&mut future).is_pending());
        let (tell, told) = std::sync::mpsc::channel();
        let reader = thread::spawn(move || {
            assert!(poll_once(&mut future).is_pending());
            tell.send(()).unwrap();
            smol::block_on(future).unwrap()
        });
        told.recv_timeout(LONG).unwrap();
        drop(runtime);
        assert_eq!(reader.join().unwrap(), 7);
    });
}

#[test]
fn one_added_to_a_loop_that_has_ended_is_dropped_and_keeps_nobody_waiting() {
    let runtime = one_thread();
    let handle = runtime.handle().clone();
    drop(runtime);
    let (promise, future) = future();
    let kept = Arc::new(());
    let there = Arc::clone(&kept);
    let entered = handle.enter();
    future.add_done_callback(move |_| drop(there));
    drop(entered);
    assert_eq!(Arc::strong_count(&kept), 1);
    promise.set_result(7).unwrap();
    assert_eq!(futures::executor::block_on(future).unwrap(), 7);
}

#[test]
fn after_its_loop_has_ended_a_future_takes_callbacks_on_another() {
    let (promise, future) = future();
    let first = one_thread();
    first.block_on(async { future.add_done_callback(|_| panic!("the loop is gone")) });
    drop(first);
    on_one_thread(async {
        let (tell, told) = oneshot::channel();
        future.add_done_callback(|done| {
            let value = *done.result().unwrap();
            tell.send((value, Handle::current().id())).unwrap();
        });
        promise.set_result(7).unwrap();
        assert_eq!(told.await.unwrap(), (7, Handle::current().id()));
    });
}

#[test]
fn a_cancelled_reader_is_not_kept_waiting_by_callbacks() {
    on_each_loop(|| async {
        let (_promise, future) = future::<u32>();
        future.add_done_callback(|_| ());
        let canceller = future.canceller();
        let task = tokio::spawn(future);
        tokio::task::yield_now().await;
        assert!(canceller.cancel());
        assert!(matches!(task.await.unwrap(), Err(Error::Cancelled)));
    });
}

#[test]
fn a_callback_whose_drop_panics_is_removed_all_the_same() {
    struct PanicsOnDrop;
    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            panic!("no ink");
        }
    }
    on_one_thread(async {
        let (promise, future) = future();
        let bad = PanicsOnDrop;
        let id = future.add_done_callback(move |_| drop(bad));
        assert!(future.remove_done_callback(id));
        promise.set_result(7).unwrap();
        assert_eq!(future.await.unwrap(), 7);
    });
}

// AF11
#[test]
fn a_callback_keeps_its_id_when_its_future_is_shared() {
    on_one_thread(async {
        let (promise, future) = future();
        let removed = future.add_done_callback(|_| panic!("it was removed"));
        let (tell, told) = oneshot::channel();
        let kept = future.add_done_callback(|done| tell.send(*done.result().unwrap()).unwrap());
        let shared = future.shared();
        let later = shared.add_done_callback(|_| ());
        assert!(later != kept && later != removed);
        assert!(shared.remove_done_callback(removed));
        promise.set_result(7).unwrap();
        assert_eq!(told.await.unwrap(), 7);
    });
}

#[test]
fn callbacks_of_a_done_future_that_is_shared_are_called_as_well() {
    on_each_loop(|| async {
        let (promise, future) = future();
        promise.set_result(7).unwrap();
        let (tell, told) = oneshot::channel();
        future.add_done_callback(|_| tell.send(()).unwrap());
        let shared = future.shared();
        told.await.unwrap();
        assert_eq!(shared.await.unwrap(), 7);
    });
}

#[test]
fn a_loop_that_has_ended_is_not_kept_alive_by_a_future() {
    let runtime = one_thread();
    let kept = Arc::new(());
    let there = Arc::clone(&kept);
    let (promise, future) = future();
    runtime.block_on(async {
        tokio::spawn(async move {
            std::future::pending::<()>().await;
            drop(there);
        });
        future.add_done_callback(|_| panic!("the loop is gone"));
    });
    drop(runtime);
    assert_eq!(Arc::strong_count(&kept), 1);
    promise.set_result(7).unwrap();
    assert!(future.done());
}
