//! `BlockingGuard`: where blocking would stall an event loop, pending futures refuse it and done ones answer.

use std::{thread, time::Duration};

use cf_core::{
    BlockingGuard, ClosureExecutor, Error, InlineExecutor, Promise, ReturnWhen, Timeout,
    as_completed, as_completed_timeout, is_blocking_refused, wait, wait_timeout,
};

use crate::gate::{LONG, caught, ends};

fn is_refusal<R>(outcome: &Result<R, Error>) -> bool {
    matches!(outcome, Err(Error::EventLoopBlocked))
}

#[test]
fn every_blocking_call_on_a_pending_future_is_refused() {
    ends(|| {
        let (promise, mut pending) = Promise::<u32>::new();
        let _refuse = BlockingGuard::refuse();
        assert!(is_refusal(&pending.result_timeout(LONG).unwrap()));
        assert!(is_refusal(&caught(|| pending.wait())));
        assert!(is_refusal(&caught(|| pending.wait_timeout(LONG))));
        assert!(is_refusal(&caught(|| pending.exception())));
        assert!(is_refusal(&caught(|| pending.exception_timeout(LONG))));
        for when in [
            ReturnWhen::FirstCompleted,
            ReturnWhen::FirstException,
            ReturnWhen::AllCompleted,
        ] {
            assert!(is_refusal(&caught(|| wait([&pending], when).done.len())));
            let timed = || wait_timeout([&pending], LONG, when).done.len();
            assert!(is_refusal(&caught(timed)));
        }
        assert!(is_refusal(&caught(|| as_completed([&pending]).count())));
        assert!(is_refusal(&caught(|| as_completed_timeout(
            [&pending],
            LONG
        )
        .count())));
        assert!(is_refusal(&pending.result()));
        drop(promise);
    });
}

#[test]
fn every_blocking_call_on_a_pending_shared_future_is_refused() {
    ends(|| {
        let (promise, pending) = Promise::<u32>::new();
        let shared = pending.shared();
        let _refuse = BlockingGuard::refuse();
        assert!(is_refusal(&shared.result()));
        assert!(is_refusal(&shared.result_timeout(LONG).unwrap()));
        assert!(is_refusal(&caught(|| shared.wait())));
        assert!(is_refusal(&caught(|| shared.wait_timeout(LONG))));
        assert!(is_refusal(&caught(|| shared.exception())));
        drop(promise);
    });
}

#[test]
fn done_futures_answer() {
    let _refuse = BlockingGuard::refuse();
    let done = || InlineExecutor.spawn(|| 7);
    let mut future = done();
    assert!(future.exception().is_none());
    assert!(future.exception_timeout(LONG).unwrap().is_none());
    future.wait();
    assert!(future.wait_timeout(LONG));
    assert_eq!(wait([&future], ReturnWhen::AllCompleted).done.len(), 1);
    assert_eq!(as_completed([&future, &done()]).count(), 2);
    assert_eq!(as_completed_timeout([&future], LONG).count(), 1);
    assert_eq!(future.result_timeout(LONG).unwrap().unwrap(), 7);
    assert_eq!(done().shared().result().unwrap(), 7);
    assert_eq!(done().result().unwrap(), 7);
}

#[test]
fn a_wait_that_already_has_enough_answers() {
    let (promise, pending) = Promise::new();
    let done = InlineExecutor.spawn(|| 7);
    let _refuse = BlockingGuard::refuse();
    let sets = wait([&pending, &done], ReturnWhen::FirstCompleted);
    assert_eq!((sets.done.len(), sets.not_done.len()), (1, 1));
    let mut in_order = as_completed([&pending, &done]);
    assert_eq!(in_order.next(), Some(&done));
    assert!(is_refusal(&caught(|| in_order.next())));
    promise.set_result(8).unwrap();
    assert_eq!(in_order.next(), Some(&pending));
}

#[test]
fn a_refused_future_is_untouched() {
    let (promise, mut pending) = Promise::new();
    let refuse = BlockingGuard::refuse();
    assert!(is_refusal(&pending.result_timeout(LONG).unwrap()));
    assert!(is_refusal(&caught(|| wait(
        [&pending],
        ReturnWhen::AllCompleted
    )
    .done
    .len())));
    assert!(pending.try_result().is_none() && !pending.cancelled());
    drop(refuse);
    promise.set_result(7).unwrap();
    assert_eq!(pending.result().unwrap(), 7);
}

#[test]
fn guards_nest_and_end_where_they_are_dropped() {
    assert!(!is_blocking_refused());
    let outer = BlockingGuard::refuse();
    assert!(is_blocking_refused());
    {
        let _allow = BlockingGuard::allow();
        assert!(!is_blocking_refused());
        {
            let _refuse = BlockingGuard::refuse();
            assert!(is_blocking_refused());
        }
        assert!(!is_blocking_refused());
    }
    assert!(is_blocking_refused());
    drop(outer);
    assert!(!is_blocking_refused());
}

#[test]
fn a_section_that_allows_blocking_may_block() {
    ends(|| {
        let (promise, pending) = Promise::new();
        let _refuse = BlockingGuard::refuse();
        let keeper = thread::spawn(|| promise.set_result(7).unwrap());
        let allow = BlockingGuard::allow();
        assert_eq!(pending.result().unwrap(), 7);
        drop(allow);
        keeper.join().unwrap();
    });
}

#[test]
fn a_guard_ends_when_the_thread_unwinds() {
    let unwinding = || {
        let _refuse = BlockingGuard::refuse();
        std::panic::panic_any(Error::TimedOut(Timeout::default()));
    };
    assert!(matches!(caught::<()>(unwinding), Err(Error::TimedOut(_))));
    assert!(!is_blocking_refused());
}

#[test]
fn other_threads_are_not_refused() {
    let _refuse = BlockingGuard::refuse();
    assert!(!thread::spawn(is_blocking_refused).join().unwrap());
}

#[test]
fn what_an_uncaught_refusal_unwinds_with_is_stored_as_itself() {
    let (_promise, pending) = Promise::<u32>::new();
    let shared = pending.shared();
    let _refuse = BlockingGuard::refuse();
    let (by_wait, by_set, by_step) = (shared.clone(), shared.clone(), shared);
    let tasks = [
        InlineExecutor.spawn(move || drop(by_wait.exception())),
        InlineExecutor.spawn(move || drop(wait([by_set], ReturnWhen::AllCompleted))),
        InlineExecutor.spawn(move || drop(as_completed([by_step]).next())),
    ];
    for task in tasks {
        assert!(is_refusal(&task.result()));
    }
}

#[test]
fn the_refusal_names_the_way_out() {
    let (_promise, pending) = Promise::<u32>::new();
    let _refuse = BlockingGuard::refuse();
    let refused = pending.result().unwrap_err();
    assert!(refused.to_string().contains("aio_bridge::wrap_future"));
}

#[test]
fn looking_with_a_timeout_of_zero_is_refused_too() {
    let (_promise, pending) = Promise::<u32>::new();
    let _refuse = BlockingGuard::refuse();
    assert!(is_refusal(&caught(|| pending.wait_timeout(Duration::ZERO))));
}
