//! What is a future in the sense of `isfuture!`.

use std::{cell::Cell, future::pending, sync::Arc};

use aio_bridge::{
    AioFuture, SharedAioFuture, Task, TaskGroup, as_completed, create_task, future, gather,
    isfuture, run, run_in_executor, shield, timeout, to_thread, wrap_future,
};
use cf_core::{Executor, InlineExecutor, Promise};

// AF22
#[test]
fn an_awaitable_future_is_one() {
    let (_promise, future) = future::<u32>();
    assert!(isfuture!(future));
}

// AF22
#[test]
fn a_shared_awaitable_future_is_one() {
    let (_promise, future) = future::<String>();
    assert!(isfuture!(future.shared()));
}

// AF22
#[test]
fn a_task_is_one() {
    assert!(run(async { isfuture!(create_task(async {})) }).unwrap());
}

// AF22
#[test]
fn what_gather_gives_is_one() {
    let (_promise, one) = future::<u32>();
    assert!(isfuture!(gather([one])));
    let (_promise, other) = future::<u32>();
    assert!(isfuture!(gather([other]).return_exceptions()));
}

// AF22
#[test]
fn what_the_gather_macro_gives_is_one() {
    let (_promise, one) = future::<u32>();
    assert!(isfuture!(gather!(one)));
    let (_promise, other) = future::<u32>();
    assert!(isfuture!(gather!(return_exceptions; other)));
}

// AF22
#[test]
fn what_shield_gives_is_one() {
    let (_promise, future) = future::<u32>();
    assert!(isfuture!(shield(future)));
}

// AF22
#[test]
fn a_bridged_call_is_one() {
    let pool = InlineExecutor::new();
    assert!(isfuture!(run_in_executor(&pool, || 7)));
    assert!(isfuture!(wrap_future(pool.submit(|| 7))));
    assert!(run(async { isfuture!(to_thread(|| 7)) }).unwrap());
}

// AF22
#[test]
fn a_future_is_one_in_every_state() {
    let (promise, mut done) = future();
    promise.set_result(7).unwrap();
    assert!(isfuture!(done));
    done.result().unwrap();
    assert!(isfuture!(done));
    let (_promise, cancelled) = future::<u32>();
    cancelled.cancel();
    assert!(isfuture!(cancelled));
}

// AF22
#[test]
fn it_looks_through_references() {
    let (_promise, mut future) = future::<u32>();
    assert!(isfuture!(&future));
    assert!(isfuture!(&&future));
    assert!(isfuture!(&mut future));
    assert!(isfuture!(&&mut future));
}

#[test]
fn it_looks_through_no_box() {
    let (_promise, one) = future::<u32>();
    assert!(!isfuture!(Box::new(one)));
    let (_promise, other) = future::<u32>();
    assert!(!isfuture!(Arc::new(other)));
}

// AF22
#[test]
fn a_blocking_future_is_none() {
    let (_promise, future) = Promise::<u32>::new();
    assert!(!isfuture!(future));
    assert!(!isfuture!(&future));
    assert!(!isfuture!(future.shared()));
}

// AF22
#[test]
fn a_coroutine_is_none() {
    async fn seven() -> u32 {
        7
    }
    assert!(!isfuture!(seven()));
    assert!(!isfuture!(async {}));
    assert!(!isfuture!(std::future::ready(7)));
}

// AF22
#[test]
fn a_coroutine_function_is_none() {
    assert!(!isfuture!(|| async { 7 }));
    assert!(!isfuture!(future::<u32>));
}

#[test]
fn what_a_future_is_made_with_is_none() {
    let (promise, future) = future::<u32>();
    assert!(!isfuture!(promise));
    assert!(!isfuture!(future.canceller()));
}

#[test]
fn a_limited_block_a_group_and_a_stream_are_none() {
    assert!(!isfuture!(timeout(None, pending::<()>())));
    assert!(!isfuture!(TaskGroup::scope(|_| async {})));
    let (_promise, future) = future::<u32>();
    assert!(!isfuture!(as_completed([future])));
}

// AF22
#[test]
fn ordinary_values_are_none() {
    assert!(!isfuture!(7));
    assert!(!isfuture!("future"));
    assert!(!isfuture!(()));
    assert!(!isfuture!(None::<AioFuture<u32>>));
    assert!(!isfuture!(Vec::<Task<u32>>::new()));
    assert!(!isfuture!([1, 2][..]));
}

#[test]
fn the_argument_is_evaluated_once() {
    let n_calls = Cell::new(0);
    let make = || {
        n_calls.set(n_calls.get() + 1);
        future::<u32>().1
    };
    assert!(isfuture!(make()));
    assert_eq!(n_calls.get(), 1);
}

#[test]
fn the_argument_is_not_consumed() {
    let (promise, mut future) = future();
    assert!(isfuture!(future));
    promise.set_result("tea".to_owned()).unwrap();
    assert_eq!(future.result().unwrap(), "tea");
}

#[test]
fn a_generic_value_does_not_matter_to_it() {
    fn both<T: Send + Sync + 'static>(one: &AioFuture<T>, other: &SharedAioFuture<T>) -> bool {
        isfuture!(one) && isfuture!(other)
    }
    let (_promise, one) = future::<u32>();
    let (_promise, other) = future::<u32>();
    assert!(both(&one, &other.shared()));
}

#[test]
fn of_a_generic_type_it_knows_nothing() {
    fn ask<F>(value: &F) -> bool {
        isfuture!(value)
    }
    let (_promise, future) = future::<u32>();
    assert!(!ask(&future));
}
