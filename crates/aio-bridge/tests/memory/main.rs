//! What awaiting costs in memory, counted by the allocator. One process, one thing at a time, so without the test harness.

mod sys;

use std::{
    future::{Future, poll_fn},
    pin::Pin,
};

use aio_bridge::{
    create_task, future, run, run_coroutine_threadsafe, run_in_executor, submit, to_thread,
    wrap_future,
};
use cf_core::Promise;
use cf_pool::ThreadPoolExecutor;
use futures::executor::block_on;

const N_CALLS: usize = 10_000;
/// Where a queue or a table grows once in a while, that is not the call's; one in 200 is no second one each.
const GROWTH_SHARE: usize = 200;

fn main() {
    let tests: [(&str, fn()); 10] = [
        ("wrapping_allocates_nothing", wrapping_allocates_nothing),
        (
            "awaiting_a_pending_future_allocates_nothing",
            awaiting_a_pending_future_allocates_nothing,
        ),
        (
            "dropping_a_pending_future_allocates_nothing",
            dropping_a_pending_future_allocates_nothing,
        ),
        (
            "an_awaitable_future_takes_one_allocation",
            an_awaitable_future_takes_one_allocation,
        ),
        (
            "a_round_trip_through_a_pool_takes_one_allocation",
            a_round_trip_through_a_pool_takes_one_allocation,
        ),
        (
            "a_round_trip_with_backpressure_takes_one_allocation",
            a_round_trip_with_backpressure_takes_one_allocation,
        ),
        (
            "a_call_in_a_thread_takes_one_allocation",
            a_call_in_a_thread_takes_one_allocation,
        ),
        (
            "a_task_takes_at_most_three_allocations",
            a_task_takes_at_most_three_allocations,
        ),
        (
            "a_coroutine_from_another_thread_takes_at_most_six_allocations",
            a_coroutine_from_another_thread_takes_at_most_six_allocations,
        ),
        (
            "a_flood_leaves_nothing_behind",
            a_flood_leaves_nothing_behind,
        ),
    ];
    // As libtest writes it, so that who reads its lines can read these.
    let n_tests = tests.len();
    println!("running {n_tests} tests");
    for (name, test) in tests {
        test();
        println!("test {name} ... ok");
    }
    println!("test result: ok. {n_tests} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
}

/// How many allocations `f` makes, after a warm-up.
fn n_allocations(mut f: impl FnMut()) -> usize {
    f();
    let before = sys::n_allocations();
    f();
    sys::n_allocations() - before
}

/// As `n_allocations`, of a coroutine on a loop.
async fn n_allocations_of(mut f: impl AsyncFnMut()) -> usize {
    f().await;
    let before = sys::n_allocations();
    f().await;
    sys::n_allocations() - before
}

/// Asserts that each of the calls allocated at most so often.
fn assert_each(n_allocations: usize, n_at_most: usize) {
    println!("{n_allocations} allocations for {N_CALLS} calls");
    assert!(n_allocations <= n_at_most * N_CALLS + 16 + N_CALLS / GROWTH_SHARE);
}

fn wrapping_allocates_nothing() {
    let mut pairs: Vec<_> = (0..200).map(|_| Some(Promise::<u32>::new())).collect();
    let mut kept = Vec::with_capacity(pairs.len());
    let mut next = pairs.iter_mut();
    let n_allocations = n_allocations(|| {
        for pair in next.by_ref().take(100) {
            let (promise, future) = pair.take().unwrap();
            kept.push((promise, wrap_future(future)));
        }
    });
    assert_eq!((n_allocations, kept.len()), (0, 200));
}

fn awaiting_a_pending_future_allocates_nothing() {
    let n_allocations = n_allocations(|| {
        for n in 0..100 {
            let (promise, future) = Promise::new();
            let (mut promise, mut wrapped) = (Some(promise), wrap_future(future));
            let value = block_on(poll_fn(|context| {
                let polled = Pin::new(&mut wrapped).poll(context);
                if let Some(promise) = promise.take() {
                    assert!(polled.is_pending());
                    promise.set_result(n).unwrap();
                }
                polled
            }));
            assert_eq!(value.unwrap(), n);
        }
    });
    // Each promise with its future.
    assert_eq!(n_allocations, 100);
}

fn dropping_a_pending_future_allocates_nothing() {
    let n_allocations = n_allocations(|| {
        for _ in 0..100 {
            let (promise, future) = Promise::<u32>::new();
            let mut wrapped = wrap_future(future);
            block_on(poll_fn(|context| {
                assert!(Pin::new(&mut wrapped).poll(context).is_pending());
                std::task::Poll::Ready(())
            }));
            drop(wrapped);
            assert!(promise.is_cancelled());
        }
    });
    assert_eq!(n_allocations, 100);
}

fn an_awaitable_future_takes_one_allocation() {
    let n_allocations = n_allocations(|| {
        for n in 0..100 {
            let (promise, future) = future();
            promise.set_result(n).unwrap();
            assert_eq!(block_on(future).unwrap(), n);
        }
    });
    assert_eq!(n_allocations, 100);
}

fn a_round_trip_through_a_pool_takes_one_allocation() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let n_allocations = n_allocations(|| {
        for n in 0..N_CALLS {
            let future = run_in_executor(&pool, move || n);
            assert_eq!(block_on(future).unwrap(), n);
        }
    });
    assert_each(n_allocations, 1);
}

fn a_round_trip_with_backpressure_takes_one_allocation() {
    let builder = ThreadPoolExecutor::builder().max_workers(2);
    let pool = builder.queue_capacity(8).build().unwrap();
    let n_allocations = n_allocations(|| {
        for n in 0..N_CALLS {
            let value = block_on(async { submit(&pool, move || n).await.await });
            assert_eq!(value.unwrap(), n);
        }
    });
    assert_each(n_allocations, 1);
}

fn a_call_in_a_thread_takes_one_allocation() {
    let n_allocations = run(n_allocations_of(async || {
        for n in 0..N_CALLS {
            assert_eq!(to_thread(move || n).await.unwrap(), n);
        }
    }));
    assert_each(n_allocations.unwrap(), 1);
}

/// Its future, its control, and what tokio keeps of it.
fn a_task_takes_at_most_three_allocations() {
    let n_allocations = run(n_allocations_of(async || {
        for n in 0..N_CALLS {
            assert_eq!(create_task(async move { n }).await.unwrap(), n);
        }
    }));
    assert_each(n_allocations.unwrap(), 3);
}

/// As a task, and the list of those who watch its future: its reader, and its driver for a cancellation.
fn a_coroutine_from_another_thread_takes_at_most_six_allocations() {
    let n_allocations = run(n_allocations_of(async || {
        let handle = tokio::runtime::Handle::current();
        for n in 0..N_CALLS {
            let future = run_coroutine_threadsafe(async move { n }, &handle);
            assert_eq!(wrap_future(future).await.unwrap(), n);
        }
    }));
    assert_each(n_allocations.unwrap(), 6);
}

fn a_flood_leaves_nothing_behind() {
    let flood = || {
        let pool = ThreadPoolExecutor::new(2).unwrap();
        run(async {
            let calls: Vec<_> = (0..N_CALLS)
                .map(|n| create_task(run_in_executor(&pool, move || n)))
                .collect();
            for (n, call) in calls.into_iter().enumerate() {
                if n % 2 == 0 {
                    call.cancel();
                }
                drop(call.await);
            }
            tokio::task::yield_now().await;
        })
        .unwrap();
        pool.shutdown();
    };
    flood();
    flood();
    let before = sys::n_live_bytes();
    flood();
    let n_left = sys::n_live_bytes().saturating_sub(before);
    println!("{n_left} bytes left behind");
    assert!(n_left < 4096);
}
