//! Done callbacks: when they run, in which order, and how they are removed.

use std::sync::{Arc, Mutex};

use aio_bridge::{AioFuture, CallbackId, future};

use super::NoInk;
use crate::{
    clock::{paused, settle, turn},
    notes::Notes,
};

/// A future with three callbacks, each of which notes its number.
fn with_three(
    notes: &Notes<u32>,
) -> (aio_bridge::AioPromise<u32>, AioFuture<u32>, [CallbackId; 3]) {
    let (promise, future) = future();
    let ids = [1, 2, 3].map(|number| {
        let notes = notes.clone();
        future.add_done_callback(move |_| notes.note(number))
    });
    (promise, future, ids)
}

/// Which of the three run once those were removed.
fn left_after_removing(removed: &'static [usize], left: &'static [u32]) {
    paused(async {
        let notes = Notes::new();
        let (promise, future, ids) = with_three(&notes);
        for &index in removed {
            assert!(future.remove_done_callback(ids[index]));
        }
        promise.set_result(7).unwrap();
        settle().await;
        assert_eq!(notes.take(), left);
        drop(future);
    });
}

// CPython: test_futures.py BaseFutureDoneCallbackTests.test_callbacks_remove_first_callback
// AF11
#[test]
fn the_first_callback_that_is_removed_does_not_run() {
    left_after_removing(&[0], &[2, 3]);
}

// CPython: test_futures.py BaseFutureDoneCallbackTests.test_callbacks_remove_first_and_second_callback
// AF11
#[test]
fn two_callbacks_that_are_removed_do_not_run() {
    left_after_removing(&[0, 1], &[3]);
}

// CPython: test_futures.py BaseFutureDoneCallbackTests.test_callbacks_remove_third_callback
// AF11
#[test]
fn the_last_callback_that_is_removed_does_not_run() {
    left_after_removing(&[2], &[1, 2]);
}

// CPython: test_futures.py BaseFutureDoneCallbackTests.test_callbacks_invoked_on_set_result
// AF07, AF08
#[test]
fn callbacks_run_in_order_on_the_loop_after_the_result_was_set() {
    paused(async {
        let notes = Notes::new();
        let (promise, future) = future();
        let here = std::thread::current().id();
        for name in ["a", "b"] {
            let notes = notes.clone();
            future.add_done_callback(move |done| {
                let is_here = std::thread::current().id() == here;
                notes.note((name, is_here, *done.result().unwrap()));
            });
        }
        promise.set_result("foo").unwrap();
        assert_eq!(notes.take(), []);
        turn().await;
        assert_eq!(notes.take(), [("a", true, "foo"), ("b", true, "foo")]);
        drop(future);
    });
}

// CPython: test_futures.py BaseFutureDoneCallbackTests.test_callbacks_invoked_on_set_exception
// AF07
#[test]
fn callbacks_run_after_the_exception_was_set() {
    paused(async {
        let notes = Notes::new();
        let (promise, mut future) = future::<u32>();
        let inside = notes.clone();
        future.add_done_callback(move |done| inside.note(done.exception().unwrap().to_string()));
        promise.set_exception(NoInk).unwrap();
        assert_eq!(notes.take(), [""; 0]);
        settle().await;
        assert_eq!(notes.take(), ["no ink"]);
        assert!(future.exception().unwrap().is_some());
    });
}

// CPython: test_futures.py BaseFutureDoneCallbackTests.test_remove_done_callback
// AF11
// Differs: each addition has an id of its own, and a removal says whether it was there and not how many were.
#[test]
fn each_addition_is_removed_by_itself() {
    paused(async {
        let notes = Notes::new();
        let (promise, future, ids) = with_three(&notes);
        let inside = notes.clone();
        let twin = future.add_done_callback(move |_| inside.note(1));
        assert!(future.remove_done_callback(ids[0]) && !future.remove_done_callback(ids[0]));
        assert!(future.remove_done_callback(ids[1]));
        promise.set_result(7).unwrap();
        settle().await;
        assert_eq!(notes.take(), [3, 1]);
        assert!(!future.remove_done_callback(twin));
        drop(future);
    });
}

/// A future that its own callbacks can reach.
type Reachable = Arc<Mutex<Option<AioFuture<u32>>>>;

// CPython: test_futures.py BaseFutureDoneCallbackTests.test_schedule_callbacks_list_mutation_1
// AF12
// Differs: a callback that has not been called is not called any more once it is removed, though its turn has come.
#[test]
fn a_callback_that_removes_the_others_keeps_them_from_running() {
    paused(async {
        let notes = Notes::new();
        let (promise, future) = future();
        let reachable = Reachable::default();
        let (there, inside) = (Arc::clone(&reachable), notes.clone());
        let others = Arc::new(Mutex::new(Vec::new()));
        let removed = Arc::clone(&others);
        future.add_done_callback(move |_| {
            inside.note("first");
            let future = there.lock().unwrap();
            for id in removed.lock().unwrap().drain(..) {
                assert!(future.as_ref().unwrap().remove_done_callback(id));
            }
        });
        for _ in 0..2 {
            let inside = notes.clone();
            let id = future.add_done_callback(move |_| inside.note("other"));
            others.lock().unwrap().push(id);
        }
        *reachable.lock().unwrap() = Some(future);
        promise.set_result(7).unwrap();
        settle().await;
        assert_eq!(notes.take(), ["first"]);
        drop(reachable.lock().unwrap().take());
    });
}
