//! What goes on when who awaits it is cancelled.

use aio_bridge::{Error, create_task, future, gather, shield};

use crate::{
    clock::{elapse, ms, one_thread, paused, turn},
    notes::Notes,
};

// CPython: test_tasks.py BaseTaskTests.test_shield_result
#[test]
fn a_shield_gives_the_value() {
    paused(async {
        let (promise, inner) = future();
        let outer = shield(inner);
        promise.set_result(42).unwrap();
        assert_eq!(outer.await.unwrap(), 42);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_shield_exception
#[test]
fn a_shield_gives_the_exception() {
    paused(async {
        let (promise, inner) = future::<u32>();
        let outer = shield(inner);
        turn().await;
        promise.set_exception("expected").unwrap();
        assert_eq!(outer.await.unwrap_err().to_string(), "expected");
    });
}

// CPython: test_tasks.py BaseTaskTests.test_shield_cancel_inner
// AT43
#[test]
fn cancelling_what_is_inside_cancels_the_shield() {
    paused(async {
        let (_promise, inner) = future::<u32>();
        let canceller = inner.canceller();
        let mut outer = shield(inner);
        turn().await;
        canceller.cancel();
        turn().await;
        assert!(outer.cancelled());
        assert!(matches!((&mut outer).await, Err(Error::Cancelled)));
    });
}

// CPython: test_tasks.py BaseTaskTests.test_shield_cancel_outer
// AT43
#[test]
fn cancelling_the_shield_lets_go_of_what_is_inside() {
    paused(async {
        let (promise, inner) = future();
        let canceller = inner.canceller();
        let mut outer = shield(inner);
        turn().await;
        assert!(outer.cancel());
        assert!(outer.cancelled() && !canceller.cancelled());
        promise.set_result(42).unwrap();
        assert!(canceller.done());
        assert!(matches!(outer.await, Err(Error::Cancelled)));
    });
}

// CPython: test_tasks.py BaseTaskTests.test_shield_shortcut
// AT43
// Differs: the shield is another object, and done at once.
#[test]
fn a_shield_over_what_is_done_is_done() {
    paused(async {
        let (promise, inner) = future();
        promise.set_result(42).unwrap();
        let mut outer = shield(inner);
        assert!(outer.done() && !outer.cancel());
        assert_eq!((&mut outer).await.unwrap(), 42);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_shield_effect
// AT43
#[test]
fn cancelling_who_awaits_the_shield_leaves_what_is_inside_running() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let outer = create_task(async move {
            let inner = create_task(async move {
                elapse(ms(100)).await;
                inside.note("inner ended");
            });
            drop(shield(inner).await);
        });
        elapse(ms(10)).await;
        outer.cancel();
        assert!(matches!(outer.await, Err(Error::Cancelled)));
        elapse(ms(200)).await;
        assert_eq!(notes.take(), ["inner ended"]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_shield_gather
#[test]
fn a_shielded_gather_goes_on_when_its_shield_is_cancelled() {
    paused(async {
        let ((first, one), (second, two)) = (future(), future());
        let cancellers = [one.canceller(), two.canceller()];
        let (promise, told) = future();
        let gathered = create_task(async move {
            promise
                .set_result(gather([one, two]).await.unwrap())
                .unwrap();
        });
        let mut outer = shield(gathered);
        turn().await;
        assert!(outer.cancel());
        turn().await;
        assert!(outer.cancelled() && cancellers.iter().all(|one| !one.done()));
        first.set_result(1).unwrap();
        second.set_result(2).unwrap();
        assert_eq!(told.await.unwrap(), [1, 2]);
    });
}

// CPython: test_tasks.py BaseTaskTests.test_gather_shield
// Differs: a shield that the gather has taken is not seen any more, only what is inside.
#[test]
fn a_gather_that_is_cancelled_leaves_what_is_inside_its_shields_running() {
    paused(async {
        let ((first, one), (second, two)) = (future::<u32>(), future::<u32>());
        let cancellers = [one.canceller(), two.canceller()];
        let mut gathered = gather([shield(one), shield(two)]);
        turn().await;
        assert!(gathered.cancel());
        assert!(matches!(gathered.await, Err(Error::Cancelled)));
        assert!(cancellers.iter().all(|inner| !inner.done()));
        first.set_result(1).unwrap();
        second.set_result(2).unwrap();
        assert!(
            cancellers
                .iter()
                .all(|inner| inner.done() && !inner.cancelled())
        );
    });
}

// CPython: test_tasks.py BaseTaskTests.test_shield_coroutine_without_loop
// Differs: without a loop it panics, saying what is missing.
#[test]
#[should_panic(expected = "no running event loop")]
fn a_coroutine_is_not_shielded_without_a_loop() {
    drop(shield(async { 42 }));
}

// CPython: test_tasks.py BaseTaskTests.test_shield_coroutine_use_running_loop
#[test]
fn a_coroutine_is_shielded_on_the_running_loop() {
    let value = one_thread().block_on(async { shield(async { 42 }).await });
    assert_eq!(value.unwrap(), 42);
}
