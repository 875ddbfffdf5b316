//! `shield`: what is inside goes on when who awaits it is cancelled.

use aio_bridge::{Error, cancelled, create_task, fallible, future, shield, wait_for};
use tokio::sync::oneshot;

use crate::{
    loops::{on_each_loop, poll_once},
    paused::{Notes, elapse, ms, paused, settle},
    reports::reports_of,
};

// AT43
#[test]
fn it_gives_the_outcome_of_what_is_inside() {
    on_each_loop(|| async {
        assert_eq!(shield(create_task(async { 7 })).await.unwrap(), 7);
        assert_eq!(shield(async { 7 }).await.unwrap(), 7);
        let failed = shield(async { Err::<(), _>("no luck") }).await;
        assert_eq!(failed.unwrap_err().to_string(), "no luck");
    });
}

// AT43
#[test]
fn a_coroutine_inside_starts_at_once() {
    on_each_loop(|| async {
        let (tell, told) = oneshot::channel();
        let shielded = shield(async move { tell.send(7).unwrap() });
        assert_eq!(told.await.unwrap(), 7);
        drop(shielded);
    });
}

// AT43
#[test]
fn cancelling_it_leaves_what_is_inside_running() {
    on_each_loop(|| async {
        let (promise, one) = future::<u32>();
        let (tell, told) = oneshot::channel();
        let inner = create_task(async move { tell.send(one.await).unwrap() });
        let canceller = inner.canceller();
        let mut shielded = shield(inner);
        assert!(shielded.cancel() && shielded.cancelled() && shielded.done());
        assert!(!shielded.cancel());
        assert!(matches!(shielded.await, Err(Error::Cancelled)));
        assert_eq!(canceller.cancelling(), 0);
        promise.set_result(7).unwrap();
        assert_eq!(told.await.unwrap().unwrap(), 7);
    });
}

// AT43
#[test]
fn cancelling_who_awaits_it_leaves_what_is_inside_running() {
    paused(async {
        let notes = Notes::default();
        let inside = notes.clone();
        let task = create_task(shield(async move {
            elapse(ms(5)).await;
            inside.note("finished");
        }));
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert_eq!(notes.all(), [""; 0]);
        elapse(ms(9)).await;
        assert_eq!(notes.all(), ["finished"]);
    });
}

// AT43
#[test]
fn dropping_it_leaves_a_future_inside_uncancelled() {
    on_each_loop(|| async {
        let (promise, one) = future::<u32>();
        drop(shield(one));
        assert!(!promise.is_cancelled());
        promise.set_result(7).unwrap();
    });
}

// AT43
#[test]
fn who_awaits_what_is_inside_beside_it_can_still_have_it() {
    paused(async {
        let (tell, told) = oneshot::channel();
        let inner = create_task(async move {
            elapse(ms(5)).await;
            tell.send(7).unwrap();
        });
        assert!(wait_for(shield(inner), ms(3)).await.is_err());
        assert_eq!(told.await.unwrap(), 7);
    });
}

// AT43
#[test]
fn cancelling_what_is_inside_cancels_it() {
    paused(async {
        let inner = create_task(std::future::pending::<()>());
        let canceller = inner.canceller();
        let mut shielded = shield(inner);
        settle().await;
        canceller.cancel();
        settle().await;
        assert!(shielded.cancelled() && shielded.done() && !shielded.cancel());
        assert!(matches!((&mut shielded).await, Err(Error::Cancelled)));
        assert!(shielded.cancelled());
    });
}

// AT43
#[test]
fn a_shield_over_what_is_done_is_done() {
    paused(async {
        let (promise, one) = future();
        promise.set_result(7).unwrap();
        let mut shielded = shield(one);
        assert!(shielded.done() && !shielded.cancel() && !shielded.cancelled());
        assert!(poll_once(&mut shielded).is_ready());
    });
}

// AT43
#[test]
fn a_listener_inside_hears_nothing_of_the_cancellation_outside() {
    paused(async {
        let (tell, told) = oneshot::channel();
        let task = create_task(shield(async move {
            let is_told = tokio::select! {
                () = cancelled() => true,
                () = elapse(ms(9)) => false,
            };
            tell.send(is_told).unwrap();
        }));
        settle().await;
        task.cancel();
        assert!(task.await.is_err());
        assert!(!told.await.unwrap());
    });
}

// AT44
#[test]
fn a_failure_after_it_was_cancelled_is_reported() {
    let reports = reports_of(|| {
        paused(async {
            let mut shielded = shield(async {
                elapse(ms(5)).await;
                Err::<(), _>("no luck")
            });
            settle().await;
            shielded.cancel();
            assert!(shielded.await.is_err());
            elapse(ms(9)).await;
        });
    });
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(reports[0].contains("never retrieved") && reports[0].contains("no luck"));
}

// AT44
#[test]
fn a_failure_of_a_future_after_its_shield_was_dropped_is_reported() {
    let reports = reports_of(|| {
        let (promise, one) = future::<u32>();
        drop(shield(one));
        promise.set_exception("no luck").unwrap();
    });
    assert_eq!(reports.len(), 1, "{reports:?}");
}

#[test]
fn a_failure_that_it_gave_is_not_reported() {
    let reports = reports_of(|| {
        paused(async {
            let task = create_task(fallible(async { Err::<(), _>("no luck") }));
            assert!(shield(task).await.is_err());
        });
    });
    assert_eq!(reports, [""; 0]);
}

#[test]
fn polled_after_its_end_it_is_in_an_invalid_state() {
    paused(async {
        let mut shielded = shield(async { 7 });
        assert_eq!((&mut shielded).await.unwrap(), 7);
        assert!(matches!((&mut shielded).await, Err(Error::InvalidState)));
    });
}
