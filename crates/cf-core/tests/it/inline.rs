//! `InlineExecutor`: each callable on the calling thread, before `submit` returns.

use std::{cell::Cell, thread};

use cf_core::{
    ClosureExecutor, Error, Executor, Future, InlineExecutor, Promise, Timeout, fallible,
};

#[test]
fn the_callable_has_run_on_this_thread_when_submit_returns() {
    let here = thread::current().id();
    let future = InlineExecutor::new().submit(|| thread::current().id());
    assert!(future.done() && !future.running() && !future.cancelled());
    assert_eq!(future.result().unwrap(), here);
}

#[test]
fn try_submit_and_submit_now_run_it_as_well() {
    assert_eq!(
        InlineExecutor.try_submit(|| 7).unwrap().result().unwrap(),
        7
    );
    assert_eq!(InlineExecutor.submit_now(|| 7).result().unwrap(), 7);
    assert!(Executor::<fn()>::room(&InlineExecutor).is_none());
}

#[test]
fn a_panic_and_an_error_are_in_the_future_and_nowhere_else() {
    let panicked = InlineExecutor.spawn(|| -> u32 { panic!("no luck") });
    assert!(
        matches!(panicked.result(), Err(Error::Panicked(panic)) if panic.message() == "no luck")
    );
    let failed = InlineExecutor.spawn(fallible(|| Err::<u32, _>("no luck")));
    assert_eq!(failed.result().unwrap_err().to_string(), "no luck");
}

#[test]
fn it_cannot_be_cancelled_because_it_has_ended() {
    let future = InlineExecutor.spawn(|| 7);
    assert!(!future.cancel() && !future.request_cancel());
    assert_eq!(future.result().unwrap(), 7);
}

#[test]
fn tasks_may_submit_tasks() {
    fn fibonacci(n: u32) -> u32 {
        if n < 2 {
            return n;
        }
        let less = [n - 1, n - 2].map(|n| InlineExecutor.spawn(move || fibonacci(n)));
        less.into_iter().map(|it| it.result().unwrap()).sum()
    }
    assert_eq!(fibonacci(12), 144);
}

#[test]
fn map_gives_the_results_in_input_order() {
    let results = InlineExecutor.map(|n: u32| n * n, 0..5);
    assert_eq!(
        results.map(Result::unwrap).collect::<Vec<_>>(),
        [0, 1, 4, 9, 16]
    );
}

#[test]
fn code_for_any_executor_runs_on_it() {
    fn double<E: ClosureExecutor>(executor: &E, n: u32) -> Future<u32> {
        executor.spawn(move || n * 2)
    }
    assert_eq!(double(&InlineExecutor, 21).result().unwrap(), 42);
}

#[test]
fn a_task_may_wait_for_what_another_thread_keeps() {
    let (promise, future) = Promise::new();
    let keeper = thread::spawn(|| promise.set_result(7).unwrap());
    assert_eq!(
        InlineExecutor
            .spawn(fallible(|| future.result()))
            .result()
            .unwrap(),
        7
    );
    keeper.join().unwrap();
}

#[test]
fn an_error_that_a_task_unwinds_with_is_stored_as_itself() {
    let future = InlineExecutor
        .spawn(|| -> u32 { std::panic::panic_any(Error::TimedOut(Timeout::default())) });
    assert!(matches!(future.result(), Err(Error::TimedOut(_))));
}

#[test]
fn a_panic_in_a_nested_task_does_not_unwind_the_outer_one() {
    thread_local!(static REACHED: Cell<bool> = const { Cell::new(false) });
    let outer = InlineExecutor.spawn(|| {
        let inner = InlineExecutor.spawn(|| -> u32 { panic!("no luck") });
        REACHED.set(true);
        inner.result().is_err()
    });
    assert!(outer.result().unwrap() && REACHED.get());
}
