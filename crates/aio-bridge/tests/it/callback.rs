//! Done callbacks: on the loop, never inside the call that adds or ends, in order, and what becomes of each.

use std::{
    cell::Cell,
    sync::{Arc, Mutex},
    thread,
};

use aio_bridge::{AioFuture, AioPromise, Error, future, wrap_future};
use cf_core::Promise;
use tokio::{runtime::Handle, sync::oneshot};

use crate::{
    loops::{block_on, many_threads, on_each_loop, on_one_thread},
    reports::reports_of,
};

/// Notes of what happened, in order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<&'static str>>>);

impl Notes {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    fn all(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }

    /// A callback that notes `what`.
    fn on_end<T>(&self, what: &'static str) -> impl FnOnce(&cf_core::Done<'_, T>) + Send + 'static {
        let notes = self.clone();
        move |_| notes.note(what)
    }
}

/// A callback that tells that it is its turn, and who waits for that.
fn turn<T>() -> (
    impl FnOnce(&cf_core::Done<'_, T>) + Send + 'static,
    oneshot::Receiver<()>,
) {
    let (tell, told) = oneshot::channel();
    (move |_: &cf_core::Done<'_, T>| tell.send(()).unwrap(), told)
}

/// Waits until all callbacks that were added before have been called.
async fn all_called<T: Send + 'static>(future: &AioFuture<T>) {
    let (callback, told) = turn();
    future.add_done_callback(callback);
    told.await.unwrap();
}

thread_local! {
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Calls `f` and marks this thread meanwhile.
fn inside<R>(f: impl FnOnce() -> R) -> R {
    IS_INSIDE.set(true);
    let result = f();
    IS_INSIDE.set(false);
    result
}

type End = fn(AioPromise<u32>, &AioFuture<u32>);

/// Every way in which a future ends.
const ENDS: [End; 4] = [
    |promise, _| promise.set_result(7).unwrap(),
    |promise, _| promise.set_exception("disk").unwrap(),
    |promise, _| drop(promise),
    |_promise, future| assert!(future.cancel()),
];

// AF07
#[test]
fn no_end_calls_a_callback_inside() {
    on_each_loop(|| async {
        for end in ENDS {
            let (promise, future) = future();
            let (tell, told) = oneshot::channel();
            future.add_done_callback(|_| tell.send(IS_INSIDE.get()).unwrap());
            inside(|| end(promise, &future));
            assert!(!told.await.unwrap());
            drop(future.shared().exception());
        }
    });
}

// AF07
#[test]
fn an_end_on_a_loop_of_one_thread_calls_back_in_a_later_pass() {
    on_one_thread(async {
        let notes = Notes::default();
        let (promise, future) = future();
        future.add_done_callback(notes.on_end("called"));
        promise.set_result(7).unwrap();
        assert_eq!(notes.all(), [""; 0]);
        all_called(&future).await;
        assert_eq!(notes.all(), ["called"]);
    });
}

// AF07
#[test]
fn a_callback_of_a_done_future_is_called_later_and_not_inside() {
    on_each_loop(|| async {
        let (promise, future) = future();
        promise.set_result(7).unwrap();
        let (tell, told) = oneshot::channel();
        inside(|| future.add_done_callback(|_| tell.send(IS_INSIDE.get()).unwrap()));
        assert!(!told.await.unwrap());
    });
}

// AF07
#[test]
fn a_callback_added_to_a_done_future_waits_for_the_next_pass() {
    on_one_thread(async {
        let notes = Notes::default();
        let (promise, future) = future();
        promise.set_result(7).unwrap();
        future.add_done_callback(notes.on_end("called"));
        assert_eq!(notes.all(), [""; 0]);
        all_called(&future).await;
        assert_eq!(notes.all(), ["called"]);
    });
}

// AF08
#[test]
fn callbacks_run_in_the_order_in_which_they_were_added() {
    on_each_loop(|| async {
        let order = Arc::new(Mutex::new(Vec::new()));
        let (promise, future) = future();
        let add = |n: u32| {
            let order = Arc::clone(&order);
            future.add_done_callback(move |_| order.lock().unwrap().push(n));
        };
        (0..100).for_each(add);
        promise.set_result(7).unwrap();
        (100..200).for_each(add);
        all_called(&future).await;
        assert!(order.lock().unwrap().iter().copied().eq(0..200));
    });
}

// AF08
#[test]
fn on_a_loop_of_one_thread_they_run_on_that_thread() {
    on_one_thread(async {
        let (promise, future) = future();
        let (tell, told) = oneshot::channel();
        future.add_done_callback(|_| tell.send(thread::current().id()).unwrap());
        thread::spawn(move || promise.set_result(7).unwrap())
            .join()
            .unwrap();
        assert_eq!(told.await.unwrap(), thread::current().id());
    });
}

// AF08
#[test]
fn they_run_on_the_loop_and_not_on_the_thread_that_ends_it() {
    on_each_loop(|| async {
        let (promise, future) = future();
        let (tell, told) = oneshot::channel();
        future.add_done_callback(|_| {
            let on_loop = Handle::try_current().map(|handle| handle.id());
            tell.send((on_loop.ok(), thread::current().id())).unwrap();
        });
        let setter = thread::spawn(move || {
            promise.set_result(7).unwrap();
            thread::current().id()
        });
        let (on_loop, on_thread) = told.await.unwrap();
        assert_eq!(on_loop, Some(Handle::current().id()));
        assert_ne!(on_thread, setter.join().unwrap());
    });
}

// AF08
#[test]
fn a_thread_that_has_entered_the_loop_adds_callbacks_for_it() {
    on_each_loop(|| async {
        let (promise, future) = future();
        let handle = Handle::current();
        let (callback, told) = turn();
        thread::spawn(move || {
            let _entered = handle.enter();
            future.add_done_callback(callback);
            future.detach();
        })
        .join()
        .unwrap();
        promise.set_result(7).unwrap();
        told.await.unwrap();
    });
}

#[test]
fn each_is_called_once() {
    on_each_loop(|| async {
        let notes = Notes::default();
        let (promise, future) = future();
        future.add_done_callback(notes.on_end("called"));
        promise.set_result(7).unwrap();
        all_called(&future).await;
        all_called(&future).await;
        assert_eq!(future.await.unwrap(), 7);
        assert_eq!(notes.all(), ["called"]);
    });
}

#[test]
fn they_see_how_it_ended() {
    on_each_loop(|| async {
        for (n, end) in ENDS.iter().enumerate() {
            let (promise, future) = future();
            let (tell, told) = oneshot::channel();
            future.add_done_callback(|done| {
                let outcome = done.result().copied().map_err(ToString::to_string);
                tell.send((outcome, done.cancelled())).unwrap();
            });
            end(promise, &future);
            let (outcome, is_cancelled) = told.await.unwrap();
            let expected = [
                Ok(7),
                Err("disk".to_owned()),
                Err(Error::BrokenPromise.to_string()),
                Err(Error::Cancelled.to_string()),
            ];
            assert_eq!((&outcome, is_cancelled), (&expected[n], n == 3));
            drop(future.await);
        }
    });
}

#[test]
fn running_work_that_is_cancelled_calls_back_at_once() {
    on_each_loop(|| async {
        let (promise, blocking) = Promise::<u32>::new();
        assert!(promise.set_running_or_notify_cancel());
        let future = wrap_future(blocking);
        let (tell, told) = oneshot::channel();
        future.add_done_callback(|done| tell.send(done.cancelled()).unwrap());
        assert!(future.cancel());
        assert!(told.await.unwrap());
        promise.set_result(7).unwrap();
    });
}

#[test]
fn they_are_called_before_who_awaits_it_has_the_value() {
    on_each_loop(|| async {
        for _ in 0..20 {
            let notes = Notes::default();
            let (promise, future) = future();
            for what in ["a", "b", "c"] {
                future.add_done_callback(notes.on_end(what));
            }
            let task = tokio::spawn(async move { promise.set_result(7).unwrap() });
            assert_eq!(future.await.unwrap(), 7);
            assert_eq!(notes.all(), ["a", "b", "c"]);
            task.await.unwrap();
        }
    });
}

#[test]
fn one_that_comes_after_the_value_was_taken_sees_an_invalid_state() {
    on_one_thread(async {
        let (promise, mut future) = future();
        let (tell, told) = oneshot::channel();
        future.add_done_callback(|done| {
            tell.send(matches!(done.result(), Err(Error::InvalidState)))
                .unwrap();
        });
        promise.set_result(7).unwrap();
        assert_eq!(future.result().unwrap(), 7);
        assert!(told.await.unwrap());
    });
}

#[test]
fn dropping_a_pending_future_calls_back_with_a_cancellation() {
    on_each_loop(|| async {
        let (_promise, future) = future::<u32>();
        let (tell, told) = oneshot::channel();
        future.add_done_callback(|done| tell.send(done.cancelled()).unwrap());
        drop(future);
        assert!(told.await.unwrap());
    });
}

#[test]
fn a_detached_future_still_calls_back() {
    on_each_loop(|| async {
        let (promise, future) = future();
        let (tell, told) = oneshot::channel();
        future.add_done_callback(|done| tell.send(*done.result().unwrap()).unwrap());
        future.detach();
        promise.set_result(7).unwrap();
        assert_eq!(told.await.unwrap(), 7);
    });
}

#[test]
fn a_future_that_is_shared_afterwards_still_calls_back_with_the_value() {
    on_each_loop(|| async {
        let (promise, future) = future();
        let (tell, told) = oneshot::channel();
        future.add_done_callback(|done| tell.send(done.result().ok().copied()).unwrap());
        let shared = future.shared();
        promise.set_result(7).unwrap();
        assert_eq!(shared.await.unwrap(), 7);
        assert_eq!(told.await.unwrap(), Some(7));
    });
}

// AF10
#[test]
fn one_that_panics_is_reported_once_and_the_others_still_run() {
    let reports = reports_of(|| {
        on_one_thread(async {
            let notes = Notes::default();
            let (promise, future) = future();
            future.add_done_callback(notes.on_end("before"));
            future.add_done_callback(|_| panic!("no ink"));
            future.add_done_callback(notes.on_end("after"));
            promise.set_result(7).unwrap();
            assert_eq!(future.await.unwrap(), 7);
            assert_eq!(notes.all(), ["before", "after"]);
        });
    });
    let [report] = &reports[..] else {
        panic!("not one report: {reports:?}");
    };
    assert!(report.starts_with("ERROR") && report.contains("panic in done callback"));
    assert!(report.contains("no ink"), "{report}");
}

// AF10
#[test]
fn one_that_panics_harms_no_other_on_a_loop_of_many_threads() {
    block_on(&many_threads(), async {
        let notes = Notes::default();
        let (promise, future) = future();
        future.add_done_callback(|_| panic!("no ink"));
        future.add_done_callback(notes.on_end("after"));
        promise.set_result(7).unwrap();
        assert_eq!(future.await.unwrap(), 7);
        assert_eq!(notes.all(), ["after"]);
    });
}

// AF11
#[test]
fn each_of_three_can_be_removed_and_the_others_keep_their_order() {
    on_each_loop(|| async {
        let expected = [["b", "c"], ["a", "c"], ["a", "b"]];
        for (n, left) in expected.iter().enumerate() {
            let notes = Notes::default();
            let (promise, future) = future();
            let ids = ["a", "b", "c"].map(|what| future.add_done_callback(notes.on_end(what)));
            assert!(future.remove_done_callback(ids[n]));
            promise.set_result(7).unwrap();
            all_called(&future).await;
            assert_eq!(notes.all(), left);
        }
    });
}

// AF11
#[test]
fn one_is_removed_once() {
    on_one_thread(async {
        let (_promise, future) = future::<u32>();
        let id = future.add_done_callback(|_| ());
        assert!(future.remove_done_callback(id));
        assert!(!future.remove_done_callback(id));
    });
}

// AF11: each addition has an id of its own, where Python removes all that are equal.
#[test]
fn removing_one_leaves_its_twin() {
    on_one_thread(async {
        let notes = Notes::default();
        let (promise, future) = future();
        let first = future.add_done_callback(notes.on_end("twin"));
        let second = future.add_done_callback(notes.on_end("twin"));
        assert_ne!(first, second);
        assert!(future.remove_done_callback(first));
        promise.set_result(7).unwrap();
        assert_eq!(future.await.unwrap(), 7);
        assert_eq!(notes.all(), ["twin"]);
    });
}

// AF11
#[test]
fn one_that_was_called_cannot_be_removed() {
    on_each_loop(|| async {
        let (promise, future) = future();
        let id = future.add_done_callback(|_| ());
        promise.set_result(7).unwrap();
        all_called(&future).await;
        assert!(!future.remove_done_callback(id));
    });
}

#[test]
fn one_is_removed_also_after_the_end_and_before_its_call() {
    on_one_thread(async {
        let notes = Notes::default();
        let (promise, future) = future();
        let id = future.add_done_callback(notes.on_end("called"));
        promise.set_result(7).unwrap();
        assert!(future.remove_done_callback(id));
        assert_eq!(future.await.unwrap(), 7);
        assert_eq!(notes.all(), [""; 0]);
    });
}

#[test]
fn a_future_without_callbacks_has_none_to_remove() {
    on_one_thread(async {
        let (_promise, other) = future::<u32>();
        let id = other.add_done_callback(|_| ());
        let (_promise, future) = future::<u32>();
        assert!(!future.remove_done_callback(id));
    });
}

#[test]
fn a_removed_one_is_dropped_at_once() {
    on_one_thread(async {
        let (_promise, future) = future::<u32>();
        let kept = Arc::new(());
        let id = {
            let kept = Arc::clone(&kept);
            future.add_done_callback(move |_| drop(kept))
        };
        assert!(future.remove_done_callback(id));
        assert_eq!(Arc::strong_count(&kept), 1);
    });
}
