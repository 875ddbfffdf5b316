//! `gather` and `gather!`: values in order, the first failure, and what a cancellation does.

use std::{
    collections::BinaryHeap,
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU8,
    sync::Arc,
};

use aio_bridge::{Error, cancelled, create_task, fallible, future, gather, to_thread};
use tokio::sync::oneshot;

use crate::{
    loops::{on_each_loop, on_one_thread},
    paused::{Notes, cleaning, elapse, ms, paused, settle, stubborn},
    reports::reports_of,
};

// AT24
#[test]
fn the_values_come_in_the_order_of_the_arguments() {
    paused(async {
        let tasks = [30, 10, 20].map(|time| async move {
            elapse(ms(time)).await;
            time
        });
        assert_eq!(gather(tasks).await.unwrap(), [30, 10, 20]);
    });
}

#[test]
fn work_of_threads_is_gathered_in_order() {
    on_each_loop(|| async {
        let calls = (0..50_u64).map(|n| to_thread(move || n));
        assert!(gather(calls).await.unwrap().into_iter().eq(0..50));
    });
}

// AT24
#[test]
fn coroutines_start_even_if_the_gather_is_not_awaited() {
    on_each_loop(|| async {
        let (tell, told) = oneshot::channel();
        let gathered = gather([async move { tell.send(7).unwrap() }]);
        assert_eq!(told.await.unwrap(), 7);
        drop(gathered);
    });
}

// AT25
#[test]
fn the_first_failure_is_the_outcome_at_once() {
    paused(async {
        let children = [50, 10, 20].map(|time| async move {
            elapse(ms(time)).await;
            if time == 50 {
                Ok(())
            } else {
                Err(format!("failed after {time}"))
            }
        });
        let begin = tokio::time::Instant::now();
        let error = gather(children).await.unwrap_err();
        assert_eq!(error.to_string(), "failed after 10");
        assert_eq!(begin.elapsed(), ms(10));
    });
}

// AT25
#[test]
fn the_siblings_of_a_failure_run_on() {
    paused(async {
        let notes = Notes::default();
        let inside = notes.clone();
        let sibling = create_task(fallible(async move {
            elapse(ms(5)).await;
            inside.note("finished");
            Ok::<_, Error>(())
        }));
        let canceller = sibling.canceller();
        let failing = create_task(fallible(async { Err::<(), _>("no luck") }));
        assert!(gather([sibling, failing]).await.is_err());
        elapse(ms(9)).await;
        assert_eq!(notes.all(), ["finished"]);
        assert_eq!(canceller.cancelling(), 0);
    });
}

// AT25
#[test]
fn a_later_failure_of_a_sibling_is_not_reported() {
    let reports = reports_of(|| {
        paused(async {
            let failing = [1, 2].map(|time| async move {
                elapse(ms(time)).await;
                Err::<(), _>("no luck")
            });
            assert!(gather(failing).await.is_err());
            elapse(ms(9)).await;
        });
    });
    assert_eq!(reports, [""; 0]);
}

// AT25
#[test]
fn a_panic_of_a_child_is_a_failure_as_any_other() {
    on_each_loop(|| async {
        let children = [true, false].map(|panics| async move { assert!(!panics, "boom") });
        assert!(matches!(gather(children).await, Err(Error::Panicked(_))));
    });
}

// AT26
#[test]
fn a_cancelled_child_is_a_failure_and_the_gather_is_not_cancelled() {
    paused(async {
        let cancelled = create_task(std::future::pending::<()>());
        let sibling = create_task(elapse(ms(5)));
        let (first, second) = (cancelled.canceller(), sibling.canceller());
        let mut gathered = gather([cancelled, sibling]);
        settle().await;
        first.cancel();
        assert!(matches!((&mut gathered).await, Err(Error::Cancelled)));
        assert!(!gathered.cancelled());
        assert_eq!(second.cancelling(), 0);
    });
}

// AT27
#[test]
fn return_exceptions_puts_failures_and_cancellations_at_their_places() {
    paused(async {
        let cancelled = create_task(fallible(std::future::pending::<Result<u32, Error>>()));
        cancelled.cancel();
        let failed = create_task(fallible(async { Err::<u32, _>("no luck") }));
        let panicked = create_task(async { panic!("boom") });
        let good = create_task(async { 7 });
        let children = [cancelled, failed, panicked, good];
        let outcomes = gather(children).return_exceptions().await.unwrap();
        assert!(matches!(
            outcomes[..],
            [
                Err(Error::Cancelled),
                Err(Error::Raised(_)),
                Err(Error::Panicked(_)),
                Ok(7)
            ]
        ));
    });
}

// AT28
#[test]
fn cancelling_it_cancels_the_unfinished_children_and_waits_for_them() {
    paused(async {
        let notes = Notes::default();
        let done = create_task(async {});
        let mut gathered = gather([done, cleaning(ms(5), &notes), cleaning(ms(9), &notes)]);
        settle().await;
        assert!(gathered.cancel());
        assert!(!gathered.cancelled() && !gathered.done());
        assert!(matches!((&mut gathered).await, Err(Error::Cancelled)));
        assert!(gathered.cancelled() && gathered.done());
        assert_eq!(notes.all(), ["cleaned up"; 2]);
    });
}

// AT28
#[test]
fn a_cancelled_one_ends_as_cancelled_also_with_return_exceptions() {
    paused(async {
        let mut gathered = gather([cleaning(ms(5), &Notes::default())]).return_exceptions();
        settle().await;
        assert!(gathered.cancel());
        assert!(matches!((&mut gathered).await, Err(Error::Cancelled)));
        assert!(gathered.cancelled());
    });
}

// AT28
#[test]
fn a_cancelled_one_ends_as_cancelled_also_if_a_child_gives_a_value() {
    paused(async {
        for gives_all in [false, true] {
            let mut gathered = gather([stubborn(ms(5))]);
            settle().await;
            assert!(gathered.cancel());
            let is_cancelled = if gives_all {
                matches!(gathered.return_exceptions().await, Err(Error::Cancelled))
            } else {
                matches!(gathered.await, Err(Error::Cancelled))
            };
            assert!(is_cancelled);
        }
    });
}

// AT28
#[test]
fn cancelling_it_is_refused_when_all_children_are_done() {
    paused(async {
        let mut gathered = gather([async { 7 }]);
        settle().await;
        assert!(gathered.done() && !gathered.cancel() && !gathered.cancelled());
        assert_eq!(gathered.await.unwrap(), [7]);
    });
}

#[test]
fn a_failure_after_it_was_cancelled_does_not_end_it_early() {
    paused(async {
        let notes = Notes::default();
        let failing = create_task(fallible(async {
            cancelled().await;
            Err::<(), _>("no luck")
        }));
        let mut gathered = gather([failing, cleaning(ms(5), &notes)]);
        settle().await;
        gathered.cancel();
        assert!(matches!(gathered.await, Err(Error::Cancelled)));
        assert_eq!(notes.all(), ["cleaned up"]);
    });
}

// AT28
#[test]
fn dropping_it_cancels_the_unfinished_children() {
    paused(async {
        let notes = Notes::default();
        drop(gather([cleaning(ms(1), &notes)]));
        settle().await;
        assert_eq!(notes.all(), [""; 0], "it had not started");
        let gathered = gather([cleaning(ms(1), &notes)]);
        settle().await;
        drop(gathered);
        elapse(ms(5)).await;
        assert_eq!(notes.all(), ["cleaned up"]);
    });
}

// AT29
#[test]
fn a_shared_future_given_twice_fills_both_places() {
    on_each_loop(|| async {
        let (promise, one) = future();
        let shared = one.shared();
        let gathered = gather([shared.clone(), shared]);
        promise.set_result(7).unwrap();
        assert_eq!(gathered.await.unwrap(), [7, 7]);
    });
}

// AT30
#[test]
fn an_empty_one_gives_an_empty_list() {
    on_one_thread(async {
        let none: [aio_bridge::AioFuture<u32>; 0] = [];
        let mut gathered = gather(none);
        assert!(gathered.done() && !gathered.cancel());
        assert_eq!(gathered.await.unwrap(), [0; 0]);
    });
}

#[test]
fn polled_after_its_end_it_is_in_an_invalid_state() {
    paused(async {
        let mut values = gather([async { 7 }]);
        assert_eq!((&mut values).await.unwrap(), [7]);
        assert!(matches!((&mut values).await, Err(Error::InvalidState)));
        let mut all = gather([async { 7 }]).return_exceptions();
        assert_eq!((&mut all).await.unwrap().len(), 1);
        assert!(matches!((&mut all).await, Err(Error::InvalidState)));
        let mut pair = gather!(async { 7 }, async { 'x' });
        assert_eq!((&mut pair).await.unwrap(), (7, 'x'));
        assert!(matches!((&mut pair).await, Err(Error::InvalidState)));
    });
}

#[test]
fn futures_and_tasks_are_gathered_without_a_loop() {
    let (promise, one) = future();
    let gathered = gather([one]);
    promise.set_result(7).unwrap();
    assert_eq!(futures::executor::block_on(gathered).unwrap(), [7]);
}

#[test]
#[should_panic(expected = "aio_bridge::run")]
fn coroutines_outside_a_loop_are_refused() {
    drop(gather([async {}]));
}

#[test]
fn children_that_had_ended_before_count_as_well() {
    paused(async {
        let tasks = [1, 2, 3].map(|n| create_task(async move { n }));
        settle().await;
        assert_eq!(gather(tasks).await.unwrap(), [1, 2, 3]);
    });
}

#[test]
fn a_gather_can_be_gathered() {
    on_each_loop(|| async {
        let pairs = [[1, 2], [3, 4]].map(|pair| gather(pair.map(|n| async move { n })));
        assert_eq!(gather(pairs).await.unwrap(), [[1, 2], [3, 4]]);
    });
}

#[test]
fn ten_thousand_children_are_gathered() {
    on_each_loop(|| async {
        let values = gather((0..10_000_u32).map(|n| async move { n }))
            .await
            .unwrap();
        assert!(values.into_iter().eq(0..10_000));
    });
}

// AT24
#[test]
fn values_of_several_types_come_as_a_tuple() {
    on_each_loop(|| async {
        let (promise, one) = future();
        promise.set_result('x').unwrap();
        let three = gather!(one, create_task(async { 7 }), async { "tea" });
        assert_eq!(three.await.unwrap(), ('x', 7, "tea"));
    });
}

// AT25
#[test]
fn of_several_types_the_first_failure_is_the_outcome_and_the_others_run_on() {
    paused(async {
        let notes = Notes::default();
        let inside = notes.clone();
        let sibling = async move {
            elapse(ms(5)).await;
            inside.note("finished");
            7
        };
        let failed = gather!(sibling, async { Err::<(), _>("no luck") }).await;
        assert_eq!(failed.unwrap_err().to_string(), "no luck");
        assert_eq!(notes.all(), [""; 0]);
        elapse(ms(9)).await;
        assert_eq!(notes.all(), ["finished"]);
    });
}

#[test]
fn common_values_of_the_standard_library_are_gathered() {
    on_one_thread(async {
        let unsized_values = gather!(
            async { Arc::<str>::from("cup") },
            async { Box::<[u8]>::from(*b"tea") },
            async { &b"milk"[..] },
        );
        let (name, bytes, constant) = unsized_values.await.unwrap();
        assert_eq!(
            (&*name, &*bytes, constant),
            ("cup", &b"tea"[..], &b"milk"[..])
        );
        let others = gather!(
            async { NonZeroU8::MIN },
            async { SocketAddr::from((Ipv4Addr::LOCALHOST, 80)) },
            async { BinaryHeap::from([1, 3, 2]) },
            async { (1, 2, 3, 4, 5, 6, 7, 8) },
        );
        let (number, address, heap, eight) = others.await.unwrap();
        assert_eq!((number.get(), address.port()), (1, 80));
        assert_eq!(heap.into_sorted_vec(), [1, 2, 3]);
        assert_eq!(eight, (1, 2, 3, 4, 5, 6, 7, 8));
    });
}

// AT27
#[test]
fn of_several_types_return_exceptions_gives_a_result_at_each_place() {
    on_each_loop(|| async {
        let task = create_task(std::future::pending::<()>());
        task.cancel();
        let all = gather!(return_exceptions; async { 7 }, task, async { Err::<(), _>("no luck") });
        let (good, cancelled, failed) = all.await.unwrap();
        assert_eq!(good.unwrap(), 7);
        assert!(matches!(cancelled, Err(Error::Cancelled)));
        assert_eq!(failed.unwrap_err().to_string(), "no luck");
    });
}

// AT28
#[test]
fn dropping_one_of_several_types_cancels_the_children() {
    paused(async {
        let notes = Notes::default();
        let gathered = gather!(cleaning(ms(1), &notes), async { 7 });
        settle().await;
        drop(gathered);
        elapse(ms(5)).await;
        assert_eq!(notes.all(), ["cleaned up"]);
    });
}
