//! Futures made from futures: what passes through, what a closure may do, how cancels travel, and chains of any length.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use cf_core::{ClosureExecutor, Error, Future, InlineExecutor, Promise, Timeout, fallible};

use crate::{
    gate::{Gate, ends},
    threads::{OnThreads, queued},
};

const N_LINKS: usize = 100_000;

fn failure() -> Future<u32> {
    InlineExecutor.spawn(fallible(|| Err(io::Error::other("disk"))))
}

fn value() -> Future<u32> {
    InlineExecutor.spawn(|| 7)
}

fn message(outcome: Result<u32, Error>) -> String {
    outcome.unwrap_err().to_string()
}

fn panicked_with(outcome: Result<u32, Error>) -> String {
    match outcome {
        Err(Error::Panicked(panic)) => panic.message().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// Fails the test if it is called.
fn never<A, R>(_: A) -> R {
    panic!("not to be called")
}

#[test]
fn map_changes_a_value_and_lets_an_error_through() {
    assert_eq!(value().map(|n| n.to_string()).result().unwrap(), "7");
    assert_eq!(message(failure().map(never::<_, u32>).result()), "disk");
    let (promise, future) = Promise::new();
    let mapped = future.map(|n: u32| n + 1);
    assert!(!mapped.done());
    promise.set_result(7).unwrap();
    assert_eq!(mapped.result().unwrap(), 8);
}

#[test]
fn an_error_that_passes_through_keeps_its_own_type() {
    let error = failure().map(|n| n + 1).then(|it| it).result().unwrap_err();
    assert_eq!(
        error.downcast_ref::<io::Error>().unwrap().to_string(),
        "disk"
    );
}

#[test]
fn map_err_changes_an_error_and_lets_a_value_through() {
    assert_eq!(value().map_err(never).result().unwrap(), 7);
    let mapped = failure().map_err(|_| Error::TimedOut(Timeout::default()));
    assert!(matches!(mapped.result(), Err(Error::TimedOut(_))));
}

#[test]
fn then_gets_the_whole_outcome_and_may_turn_it_around() {
    assert_eq!(
        failure().then(|it| Ok(it.unwrap_or(0))).result().unwrap(),
        0
    );
    let failed = value().then(|it| it.and(Err::<u32, _>(Error::TimedOut(Timeout::default()))));
    assert!(matches!(failed.result(), Err(Error::TimedOut(_))));
}

#[test]
fn and_then_takes_the_outcome_of_the_next_future_whenever_it_comes() {
    let (promise, inner) = Promise::new();
    let both = value().and_then(|_| inner);
    assert!(!both.done());
    promise.set_result(8).unwrap();
    assert_eq!(both.result().unwrap(), 8);
    assert_eq!(
        value()
            .and_then(|n| InlineExecutor.spawn(move || n * 2))
            .result()
            .unwrap(),
        14
    );
    assert_eq!(message(value().and_then(|_| failure()).result()), "disk");
    assert_eq!(
        message(failure().and_then(never::<_, Future<u32>>).result()),
        "disk"
    );
}

#[test]
fn or_else_takes_another_future_in_place_of_an_error() {
    assert_eq!(value().or_else(never).result().unwrap(), 7);
    assert_eq!(failure().or_else(|_| value()).result().unwrap(), 7);
    assert_eq!(
        message(
            value()
                .and_then(|_| failure())
                .or_else(|_| failure())
                .result()
        ),
        "disk"
    );
}

#[test]
fn flatten_gives_the_inner_outcome() {
    let (promise, inner) = Promise::new();
    let flat = InlineExecutor.spawn(|| inner).flatten();
    assert!(!flat.done());
    promise.set_result(7).unwrap();
    assert_eq!(flat.result().unwrap(), 7);
    assert_eq!(
        message(InlineExecutor.spawn(failure).flatten().result()),
        "disk"
    );
    let outer = InlineExecutor.spawn(|| -> Future<u32> { panic!("outer") });
    assert_eq!(panicked_with(outer.flatten().result()), "outer");
}

#[test]
fn then_on_runs_the_callable_as_a_task_of_the_executor() {
    ends(|| {
        let here = thread::current().id();
        let (promise, future) = Promise::new();
        let there = future.then_on(&OnThreads, move |outcome| {
            assert_eq!(thread::current().id(), here);
            move || (outcome.unwrap_or(0), thread::current().id())
        });
        promise.set_result(7).unwrap();
        let (value, thread) = there.result().unwrap();
        assert_eq!(value, 7);
        assert_ne!(thread, here);
    });
}

#[test]
fn then_on_hands_over_an_error_as_well() {
    let recovered = failure().then_on(&InlineExecutor, |outcome| move || outcome.unwrap_or(0));
    assert_eq!(recovered.result().unwrap(), 0);
    let failed = value().then_on(&InlineExecutor, |_| fallible(|| Err::<u32, _>("no luck")));
    assert_eq!(message(failed.result()), "no luck");
    let panicked = value().then_on(&InlineExecutor, |_| || -> u32 { panic!("in the task") });
    assert_eq!(panicked_with(panicked.result()), "in the task");
}

#[test]
fn a_panic_in_a_closure_fails_the_derived_future_only() {
    let derived: [(&str, Future<u32>); 6] = [
        ("map", value().map(|_| panic!("map"))),
        ("map_err", failure().map_err(|_| panic!("map_err"))),
        ("then", value().then(|_| panic!("then"))),
        (
            "and_then",
            value().and_then(|_| -> Future<u32> { panic!("and_then") }),
        ),
        ("or_else", failure().or_else(|_| panic!("or_else"))),
        (
            "then_on",
            value().then_on(&InlineExecutor, |_| -> fn() -> u32 { panic!("then_on") }),
        ),
    ];
    for (name, future) in derived {
        assert_eq!(panicked_with(future.result()), name);
    }
}

#[test]
fn a_panic_in_a_closure_does_not_reach_who_keeps_the_promise() {
    let (promise, future) = Promise::<u32>::new();
    let derived = future
        .map(|_| -> u32 { panic!("in the closure") })
        .map(|n| n + 1);
    promise.set_result(7).unwrap();
    assert_eq!(panicked_with(derived.result()), "in the closure");
}

#[test]
fn the_closure_runs_on_the_thread_that_completes_the_source() {
    ends(|| {
        let (promise, future) = Promise::new();
        let place = future.map(|_: u32| thread::current().id());
        let keeper = thread::spawn(|| promise.set_result(7).unwrap());
        let keepers_id = keeper.thread().id();
        keeper.join().unwrap();
        assert_eq!(place.result().unwrap(), keepers_id);
    });
    let place = value().map(|_| thread::current().id());
    assert_eq!(place.result().unwrap(), thread::current().id());
}

#[test]
fn the_callbacks_of_the_source_run_before_its_value_moves_on() {
    let (promise, future) = Promise::new();
    let (seen, derived_saw) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (at_callback, at_closure) = (Arc::clone(&seen), Arc::clone(&derived_saw));
    let counter = Arc::clone(&seen);
    future.add_done_callback(move |done| {
        at_callback.store(*done.result().unwrap(), Ordering::Relaxed);
    });
    let derived = future.map(move |n: usize| {
        at_closure.store(counter.load(Ordering::Relaxed), Ordering::Relaxed);
        n
    });
    promise.set_result(7).unwrap();
    assert_eq!(derived.result().unwrap(), 7);
    assert_eq!(derived_saw.load(Ordering::Relaxed), 7);
}

#[test]
fn cancelling_a_derived_future_cancels_a_pending_source() {
    type Derive = fn(Future<u32>) -> Future<u32>;
    let derivations: [Derive; 7] = [
        |future| future.map(never),
        |future| future.map_err(never),
        |future| future.then(never),
        |future| future.and_then(never),
        |future| future.or_else(never),
        |future| future.then_on(&InlineExecutor, never::<_, fn() -> u32>),
        |future| future.map(|n| InlineExecutor.spawn(move || n)).flatten(),
    ];
    for derive in derivations {
        let (task, source) = queued(|| -> u32 { panic!("not to be run") });
        let canceller = source.canceller();
        let derived = derive(source);
        assert!(derived.cancel() && derived.cancelled());
        assert!(canceller.cancelled());
        assert!(!task.is_pending());
        assert!(matches!(derived.result(), Err(Error::Cancelled)));
    }
}

#[test]
fn cancelling_the_source_cancels_what_is_derived() {
    let (promise, future) = Promise::<u32>::new();
    let canceller = future.canceller();
    let derived = future.map(|n| n + 1).map_err(|it| it);
    assert!(canceller.cancel());
    assert!(promise.is_cancelled());
    assert!(derived.cancelled());
}

#[test]
fn cancelling_a_derived_future_cancels_the_inner_one_it_follows() {
    let (_task, inner) = queued(|| 7);
    let canceller = inner.canceller();
    let derived = value().and_then(|_| inner).map(|n| n + 1);
    assert!(derived.cancel());
    assert!(canceller.cancelled());
}

#[test]
fn a_derived_future_is_cancelled_even_while_its_source_runs() {
    ends(|| {
        let (promise, future) = Promise::new();
        assert!(promise.set_running_or_notify_cancel());
        let canceller = future.canceller();
        let derived = future.map(never::<u32, u32>);
        assert!(derived.cancel());
        assert!(!canceller.done());
        promise.set_result(7).unwrap();
        assert!(canceller.done() && !canceller.cancelled());
        assert!(matches!(derived.result(), Err(Error::Cancelled)));
    });
}

#[test]
fn a_request_to_a_derived_future_reaches_the_running_task_however_far_it_is() {
    for n_links in [1, 2, 5] {
        ends(move || {
            let (runs, asked) = (Gate::new(), Gate::new());
            let (it_runs, it_is_asked) = (runs.clone(), asked.clone());
            let task = OnThreads.spawn(fallible(move || {
                it_runs.open();
                it_is_asked.pass();
                cf_core::checkpoint().map(|()| 7)
            }));
            let source = task.canceller();
            let derived = (0..n_links).fold(task, |future, _| future.map(|n: u32| n));
            runs.pass();
            assert!(derived.request_cancel());
            assert!(derived.cancelled());
            asked.open();
            while !source.done() {
                thread::yield_now();
            }
            assert!(source.cancelled(), "{n_links}");
        });
    }
}

#[test]
fn a_cancel_that_races_with_the_end_leaves_one_outcome() {
    ends(|| {
        for _ in 0..300 {
            let (promise, future) = Promise::new();
            let derived = future
                .map(|n: u32| n)
                .and_then(|n| InlineExecutor.spawn(move || n));
            let canceller = derived.canceller();
            let keeper = thread::spawn(move || promise.set_result(7).is_ok());
            let killer = thread::spawn(move || canceller.cancel());
            let outcome = derived.result();
            keeper.join().unwrap();
            assert_eq!(
                killer.join().unwrap(),
                matches!(outcome, Err(Error::Cancelled))
            );
        }
    });
}

/// Counts how many of it were dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A chain of [`N_LINKS`] on a pending promise, and how many of its closures were dropped.
fn long_chain() -> (Promise<usize>, Future<usize>, Arc<AtomicUsize>) {
    let (promise, mut end) = Promise::new();
    let n_dropped = Arc::new(AtomicUsize::new(0));
    for _ in 0..N_LINKS {
        let counted = Counted(Arc::clone(&n_dropped));
        end = end.map(move |n: usize| {
            let _counted = &counted;
            n + 1
        });
    }
    (promise, end, n_dropped)
}

#[test]
fn a_long_chain_is_completed_without_recursion() {
    let (promise, end, n_dropped) = long_chain();
    promise.set_result(0).unwrap();
    assert_eq!(end.result().unwrap(), N_LINKS);
    assert_eq!(n_dropped.load(Ordering::Relaxed), N_LINKS);
}

#[test]
fn a_long_chain_on_an_ended_future_is_made_without_recursion() {
    let end = (0..N_LINKS).fold(InlineExecutor.spawn(|| 0), |it, _| it.map(|n: usize| n + 1));
    assert_eq!(end.result().unwrap(), N_LINKS);
}

#[test]
fn a_long_chain_fails_without_recursion_when_the_promise_is_dropped() {
    let (promise, end, n_dropped) = long_chain();
    drop(promise);
    assert!(matches!(end.result(), Err(Error::BrokenPromise)));
    assert_eq!(n_dropped.load(Ordering::Relaxed), N_LINKS);
}

#[test]
fn a_long_chain_is_cancelled_from_its_end_without_recursion() {
    let (promise, end, n_dropped) = long_chain();
    assert!(end.cancel());
    assert!(promise.is_cancelled());
    assert_eq!(n_dropped.load(Ordering::Relaxed), N_LINKS);
}

#[test]
fn a_long_chain_is_asked_to_stop_from_its_end_without_recursion() {
    let (promise, end, n_dropped) = long_chain();
    assert!(promise.set_running_or_notify_cancel());
    assert!(end.request_cancel());
    assert!(end.cancelled());
    promise.set_result(0).unwrap();
    assert_eq!(n_dropped.load(Ordering::Relaxed), N_LINKS);
}

#[test]
fn a_long_chain_is_cancelled_from_its_source_without_recursion() {
    let (promise, source) = Promise::new();
    let canceller = source.canceller();
    let end = (0..N_LINKS).fold(source, |it, _| it.map(|n: usize| n + 1));
    assert!(canceller.cancel());
    assert!(end.cancelled() && promise.is_cancelled());
}

#[test]
fn a_long_chain_is_dropped_pending_without_recursion() {
    let (promise, end, n_dropped) = long_chain();
    drop(end);
    assert_eq!(n_dropped.load(Ordering::Relaxed), 0);
    drop(promise);
    assert_eq!(n_dropped.load(Ordering::Relaxed), N_LINKS);
    let (task, source) = queued(|| 7_usize);
    drop((0..N_LINKS).fold(source, |it, _| it.map(|n| n + 1)));
    drop(task);
}

#[test]
fn a_long_chain_of_tasks_and_of_inner_futures_is_completed_without_recursion() {
    let (promise, future) = Promise::new();
    let end = (0..N_LINKS / 4).fold(future, |it, _| {
        it.and_then(|n: usize| InlineExecutor.spawn(move || n + 1))
            .then_on(&InlineExecutor, |outcome| {
                fallible(move || outcome.map(|n| n + 1))
            })
    });
    promise.set_result(0).unwrap();
    assert_eq!(end.result().unwrap(), N_LINKS / 2);
}

#[test]
fn a_panicking_drop_of_an_unwanted_outcome_goes_no_further() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let (promise, future) = Promise::new();
    assert!(promise.set_running_or_notify_cancel());
    let derived = future.map(never::<Bomb, u32>);
    assert!(derived.cancel());
    promise.set_result(Bomb).unwrap();
    assert!(matches!(derived.result(), Err(Error::Cancelled)));
}

#[test]
fn a_closure_that_fails_with_cancelled_does_not_make_its_future_cancelled() {
    let (promise, future) = Promise::<u32>::new();
    let derived = future.then(|_| Err::<u32, _>(Error::Cancelled));
    promise.set_result(1).unwrap();
    assert!(derived.done() && !derived.cancelled());
    assert!(matches!(derived.result(), Err(Error::Cancelled)));
}
