//! Many awaitables at once.

use std::task::Poll;

use aio_bridge::{AioFuture, AioPromise, Error, Gather, create_task, fallible, future, gather};

use crate::{
    clock::{elapse, ms, one_thread, paused, poll_once, settle, turn},
    notes::Notes,
    reports::reports_of,
};

/// What is to end a future, until it has.
type Ends = Vec<Option<AioPromise<u32>>>;

fn futures(n: usize) -> (Ends, Vec<AioFuture<u32>>) {
    let pairs = (0..n).map(|_| future());
    pairs
        .map(|(promise, future)| (Some(promise), future))
        .unzip()
}

fn set(promises: &mut Ends, index: usize, value: u32) {
    promises[index].take().unwrap().set_result(value).unwrap();
}

fn fail(promises: &mut Ends, index: usize, text: &str) {
    promises[index].take().unwrap().set_exception(text).unwrap();
}

/// Fails unless it is still waiting.
#[track_caller]
fn assert_pending(gathered: &mut Gather<u32>) {
    assert!(poll_once(gathered).is_pending());
}

// CPython: test_tasks.py GatherTestsBase.test_success
// AT24
#[test]
fn values_come_in_the_order_of_the_arguments_when_all_are_there() {
    paused(async {
        let (mut promises, given) = futures(3);
        let mut gathered = gather(given);
        assert!(!gathered.done());
        for (index, value) in [(1, 1), (2, 2)] {
            set(&mut promises, index, value);
            turn().await;
            assert!(!gathered.done());
            assert_pending(&mut gathered);
        }
        set(&mut promises, 0, 3);
        turn().await;
        assert!(gathered.done());
        assert_eq!(gathered.await.unwrap(), [3, 1, 2]);
    });
}

// CPython: test_tasks.py GatherTestsBase.test_result_exception_success
#[test]
fn with_return_exceptions_successes_come_as_before() {
    paused(async {
        let (mut promises, given) = futures(2);
        let gathered = gather(given).return_exceptions();
        set(&mut promises, 1, 1);
        set(&mut promises, 0, 2);
        let values: Vec<_> = gathered
            .await
            .unwrap()
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert_eq!(values, [2, 1]);
    });
}

// CPython: test_tasks.py GatherTestsBase.test_one_exception
// AT25
#[test]
fn the_first_failure_ends_it_and_the_rest_is_ignored() {
    let reports = reports_of(|| {
        paused(async {
            let (mut promises, given) = futures(5);
            let cancellers: Vec<_> = given.iter().map(AioFuture::canceller).collect();
            let gathered = gather(given);
            set(&mut promises, 0, 1);
            fail(&mut promises, 1, "division by zero");
            let error = gathered.await.unwrap_err();
            assert_eq!(error.to_string(), "division by zero");
            assert!(cancellers[2..].iter().all(|one| !one.cancelled()));
            // None of this has an effect any more.
            set(&mut promises, 2, 3);
            assert!(cancellers[3].cancel());
            fail(&mut promises, 4, "too late");
            settle().await;
        });
    });
    assert_eq!(reports, [""; 0]);
}

// CPython: test_tasks.py GatherTestsBase.test_return_exceptions
// AT27
#[test]
fn with_return_exceptions_failures_are_items_of_the_list() {
    paused(async {
        let (mut promises, given) = futures(4);
        let mut gathered = gather(given).return_exceptions();
        set(&mut promises, 0, 1);
        fail(&mut promises, 1, "division by zero");
        set(&mut promises, 2, 2);
        turn().await;
        assert!(!gathered.done());
        assert!(poll_once(&mut gathered).is_pending());
        fail(&mut promises, 3, "key");
        let outcomes = gathered.await.unwrap();
        let texts: Vec<_> = outcomes
            .iter()
            .map(|outcome| outcome.as_ref().map_err(ToString::to_string))
            .collect();
        let (zero, key) = ("division by zero".to_owned(), "key".to_owned());
        assert_eq!(texts, [Ok(&1), Err(zero), Ok(&2), Err(key)]);
    });
}

// CPython: test_tasks.py FutureGatherTests.test_constructor_empty_sequence_without_loop
// CPython: test_tasks.py FutureGatherTests.test_constructor_empty_sequence_use_running_loop
// AT30
// Differs from test_constructor_empty_sequence_without_loop: no loop is needed to gather nothing.
#[test]
fn a_gather_of_nothing_is_done_and_empty() {
    let mut nothing = gather([(); 0].map(|()| future::<u32>().1));
    assert!(nothing.done());
    assert!(matches!(poll_once(&mut nothing), Poll::Ready(Ok(values)) if values.is_empty()));
    paused(async {
        let nothing = gather(Vec::<AioFuture<u32>>::new());
        assert!(nothing.await.unwrap().is_empty());
    });
}

// CPython: test_tasks.py FutureGatherTests.test_constructor_heterogenous_futures
// AT30
// Differs: a future belongs to no loop, so those that were made in two are gathered in a third.
#[test]
fn futures_that_were_made_in_two_loops_are_gathered() {
    let (first, one) = one_thread().block_on(async { future() });
    let (second, other) = one_thread().block_on(async { future() });
    first.set_result(1).unwrap();
    second.set_result(2).unwrap();
    assert_eq!(one_thread().block_on(gather([one, other])).unwrap(), [1, 2]);
}

// CPython: test_tasks.py FutureGatherTests.test_one_cancellation
// AT26
#[test]
fn a_child_that_is_cancelled_fails_the_gather_and_does_not_cancel_it() {
    paused(async {
        let (mut promises, given) = futures(5);
        let (canceller, late) = (given[1].canceller(), given[3].canceller());
        let mut gathered = gather(given);
        set(&mut promises, 0, 1);
        assert!(canceller.cancel());
        let outcome = (&mut gathered).await;
        assert!(matches!(outcome, Err(Error::Cancelled)));
        assert!(!gathered.cancelled());
        // None of this has an effect any more.
        set(&mut promises, 2, 3);
        assert!(late.cancel());
        fail(&mut promises, 4, "too late");
        settle().await;
        assert!(!gathered.cancelled());
    });
}

// CPython: test_tasks.py FutureGatherTests.test_result_exception_one_cancellation
// AT27
#[test]
fn with_return_exceptions_a_cancelled_child_is_an_item_of_the_list() {
    paused(async {
        let (mut promises, given) = futures(3);
        let canceller = given[1].canceller();
        let mut gathered = gather(given).return_exceptions();
        set(&mut promises, 0, 1);
        canceller.cancel();
        fail(&mut promises, 2, "division by zero");
        let outcomes = (&mut gathered).await.unwrap();
        assert!(matches!(
            &outcomes[..],
            [Ok(1), Err(Error::Cancelled), Err(Error::Raised(_))]
        ));
        assert!(!gathered.cancelled());
    });
}

// CPython: test_tasks.py CoroutineGatherTests.test_constructor_without_loop
// AF18
// Differs: without a loop it panics, saying what is missing.
#[test]
#[should_panic(expected = "no running event loop")]
fn coroutines_are_not_gathered_without_a_loop() {
    drop(gather([async { "abc" }]));
}

// CPython: test_tasks.py CoroutineGatherTests.test_constructor_use_running_loop
// AF18, AF23
#[test]
fn coroutines_are_gathered_on_the_running_loop() {
    let values = one_thread().block_on(async { gather(["abc", "def"].map(async |s| s)).await });
    assert_eq!(values.unwrap(), ["abc", "def"]);
}

// CPython: test_tasks.py CoroutineGatherTests.test_duplicate_coroutines
// AT29
// Differs: what is given is moved (crates/aio-bridge/tests/compile_fail/gather_of_one_future_twice.rs); clones fill two places.
#[test]
fn clones_of_a_shared_future_fill_all_places_and_the_work_is_done_once() {
    paused(async {
        let notes = Notes::new();
        let inside = notes.clone();
        let (promise, future) = future();
        let work = create_task(async move {
            inside.note("ran");
            promise.set_result("abc").unwrap();
        });
        let shared = future.shared();
        let gathered = gather([shared.clone(), shared.clone(), shared]);
        assert_eq!(gathered.await.unwrap(), ["abc"; 3]);
        work.await.unwrap();
        assert_eq!(notes.take(), ["ran"]);
    });
}

// CPython: test_tasks.py CoroutineGatherTests.test_cancellation_broadcast
// AT28
#[test]
fn cancelling_who_awaits_it_cancels_all_children() {
    paused(async {
        let notes = Notes::new();
        let (promise, waiter) = future::<u32>();
        let canceller = waiter.canceller();
        let (one, other) = (notes.clone(), notes.clone());
        let outer = create_task(async move {
            let child1 = create_task(async move {
                let _ended = one.at_drop("child1");
                drop(waiter.await);
            });
            let child2 = create_task(async move {
                let _ended = other.at_drop("child2");
                std::future::pending::<()>().await;
            });
            drop(gather([child1, child2]).await);
        });
        settle().await;
        assert!(outer.cancel());
        assert!(!outer.cancelled());
        assert!(matches!(outer.await, Err(Error::Cancelled)));
        assert!(canceller.cancelled());
        let mut ended = notes.take();
        ended.sort_unstable();
        assert_eq!(ended, ["child1", "child2"]);
        drop(promise);
    });
}

// CPython: test_tasks.py CoroutineGatherTests.test_exception_marking
// AT25
#[test]
fn a_second_failure_is_not_reported() {
    let reports = reports_of(|| {
        paused(async {
            let failing = [1, 2].map(|time| fallible_after(time, "division by zero"));
            assert!(gather(failing).await.is_err());
            elapse(ms(10)).await;
        });
    });
    assert_eq!(reports, [""; 0]);
}

async fn fallible_after(time: u64, text: &'static str) -> Result<(), &'static str> {
    elapse(ms(time)).await;
    Err(text)
}

// CPython: test_tasks.py BaseTaskTests.test_cancel_gather_1
// AT28
#[test]
fn a_gather_whose_children_are_done_refuses_to_be_cancelled() {
    paused(async {
        let (mut promises, given) = futures(1);
        let mut gathered = gather(given);
        turn().await;
        set(&mut promises, 0, 42);
        // The children are done, and who awaits them has not looked.
        assert!(!gathered.cancel());
        assert_eq!((&mut gathered).await.unwrap(), [42]);
        assert!(!gathered.cancelled());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_cancel_gather_2
// AT28
// Differs: a cancellation has no message (crates/aio-bridge/tests/compile_fail/cancel_with_a_message.rs).
#[test]
fn a_gather_that_is_cancelled_is_cancelled_also_with_return_exceptions() {
    paused(async {
        let child = || create_task(fallible(elapse_forever()));
        let outer = create_task(async move {
            let mut gathered = gather([child(), child()]).return_exceptions();
            elapse(ms(1)).await;
            assert!(gathered.cancel());
            let outcome = (&mut gathered).await;
            (
                matches!(outcome, Err(Error::Cancelled)),
                gathered.cancelled(),
            )
        });
        assert_eq!(outer.await.unwrap(), (true, true));
    });
}

async fn elapse_forever() -> Result<(), &'static str> {
    std::future::pending().await
}
