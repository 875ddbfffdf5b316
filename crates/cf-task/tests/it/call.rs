//! A call is a callable, with options for who can do something about them.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use cf_core::{Callable, ClosureExecutor, Error, Executor, Future, InlineExecutor, Promise};
use cf_task::{Call, Options, Outgoing, task};

use crate::cross::cross;

#[task]
fn cpu_bound(n: u64) -> u64 {
    (0..n).map(|i| i * i).sum()
}

#[task]
fn panics() -> u8 {
    panic!("no ink")
}

/// The least that an executor of calls can be: a thread for each.
struct Threads;

impl<T: Send + 'static> Executor<Call<T>> for Threads {
    fn submit(&self, call: Call<T>) -> Future<T> {
        let (promise, future) = Promise::new();
        thread::spawn(move || {
            promise.set_running_or_notify_cancel();
            drop(match promise.run(|| call.call()) {
                Ok(value) => promise.set_result(value).map_err(Error::from),
                Err(error) => promise.set_exception(error).map_err(Error::from),
            });
        });
        future
    }

    fn try_submit(&self, call: Call<T>) -> Result<Future<T>, cf_core::Rejected<Call<T>>> {
        Ok(self.submit(call))
    }
}

fn sum_on(executor: &impl Executor<Call<u64>>) -> u64 {
    executor.submit(cpu_bound::task(10)).result().unwrap()
}

#[test]
fn one_call_runs_on_every_executor() {
    assert_eq!(sum_on(&InlineExecutor::new()), 285);
    assert_eq!(sum_on(&Threads), 285);
    assert_eq!(
        InlineExecutor::new()
            .spawn(cpu_bound::task(10))
            .result()
            .unwrap(),
        285
    );
    assert_eq!(cpu_bound::task(10).call().unwrap(), 285);
}

#[test]
fn a_panic_is_the_failure_of_the_call() {
    let Err(Error::Panicked(panic)) = InlineExecutor::new().submit(panics::task()).result() else {
        panic!()
    };
    assert_eq!(panic.message(), "no ink");
    assert!(panic.location().unwrap().file().ends_with("call.rs"));
}

#[test]
fn a_call_does_nothing_until_it_is_submitted() {
    static N_RUNS: AtomicU32 = AtomicU32::new(0);

    #[task]
    fn count() -> u32 {
        N_RUNS.fetch_add(1, Ordering::Relaxed)
    }

    drop(count::task());
    assert_eq!(N_RUNS.load(Ordering::Relaxed), 0);
    assert_eq!(
        InlineExecutor::new()
            .submit(count::task())
            .result()
            .unwrap(),
        0
    );
}

/// What retries and chunks that lost their worker need.
#[test]
fn a_call_may_be_encoded_again_and_again() {
    let call = cpu_bound::task(10);
    let encoded = [(); 3].map(|()| {
        let mut out = Outgoing::default();
        call.encode(&mut out).unwrap();
        out.head
    });
    assert!(encoded.iter().all(|head| *head == encoded[0]));
    assert_eq!(cross(&call).unwrap(), 285);
    assert_eq!(call.call().unwrap(), 285);
}

#[test]
fn options_are_none_at_first_and_the_last_one_said_counts() {
    assert_eq!(panics::task().options(), Options::default());
    let call = panics::task().timeout(Duration::from_secs(1)).retries(1);
    let options = call.timeout(Duration::ZERO).retries(u32::MAX).options();
    assert_eq!(
        (options.timeout, options.retries),
        (Some(Duration::ZERO), u32::MAX)
    );
}

/// Threads cannot be killed, and nothing dies on them.
#[test]
fn options_do_nothing_here() {
    let call = cpu_bound::task(10).timeout(Duration::ZERO).retries(3);
    assert_eq!(InlineExecutor::new().submit(call).result().unwrap(), 285);
    let call = panics::task().retries(3);
    assert!(InlineExecutor::new().submit(call).result().is_err());
}

#[test]
fn a_call_knows_its_task_and_shows_it() {
    let call = cpu_bound::task(3).retries(2);
    assert!(std::ptr::eq(call.task(), cpu_bound::TASK));
    let text = format!("{call:?}");
    assert!(
        text.contains("it::call::cpu_bound") && text.contains("retries: 2"),
        "{text}"
    );
}

#[test]
fn a_call_can_be_sent_and_is_three_words_and_its_options() {
    fn sent<T: Send>(_: &T) {}
    sent(&cpu_bound::task(1));
    assert!(size_of::<Call<[u64; 100]>>() <= 3 * size_of::<usize>() + size_of::<Options>());
}

#[test]
fn several_calls_may_come_from_one_function_value() {
    let futures: Vec<_> = (0..4)
        .map(cpu_bound::task)
        .map(|call| InlineExecutor::new().submit(call))
        .collect();
    let values: Vec<_> = futures
        .into_iter()
        .map(|future| future.result().unwrap())
        .collect();
    assert_eq!(values, [0, 0, 1, 5]);
}
