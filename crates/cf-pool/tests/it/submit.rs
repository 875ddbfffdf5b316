//! Submitting to the thread pool: order, several at once, executors of one's own.

use std::{cell::Cell, sync::mpsc, thread};

use cf_core::{Callable, ClosureExecutor, Future, Promise};
use cf_pool::ThreadPoolExecutor;

use crate::gate::Gate;

// E03
#[test]
fn one_worker_starts_tasks_in_submission_order() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let gate = Gate::new();
    let its_gate = gate.clone();
    drop(pool.submit(move || its_gate.pass()));
    let (sender, receiver) = mpsc::channel();
    for n in 0..1000 {
        let sender = sender.clone();
        drop(pool.submit(move || sender.send(n).unwrap()));
    }
    drop(sender);
    gate.open();
    assert_eq!(
        receiver.iter().collect::<Vec<_>>(),
        (0..1000).collect::<Vec<_>>()
    );
}

// E03
#[test]
fn what_a_task_submits_starts_in_submission_order() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (sender, receiver) = mpsc::channel();
    let inner = pool.clone();
    pool.submit(move || {
        for n in 0..1000 {
            let sender = sender.clone();
            drop(inner.submit(move || sender.send(n).unwrap()));
        }
    })
    .wait();
    assert_eq!(
        receiver.iter().collect::<Vec<_>>(),
        (0..1000).collect::<Vec<_>>()
    );
}

#[test]
fn what_a_task_submits_starts_after_what_was_there() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (sender, receiver) = mpsc::channel();
    let gate = Gate::new();
    let (its_gate, inner, from_inside) = (gate.clone(), pool.clone(), sender.clone());
    drop(pool.submit(move || {
        its_gate.pass();
        drop(inner.submit(move || from_inside.send(2).unwrap()));
    }));
    drop(pool.submit(move || sender.send(1).unwrap()));
    gate.open();
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn work_of_a_busy_worker_is_taken_by_the_others() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let gate = Gate::new();
    let (its_gate, inner) = (gate.clone(), pool.clone());
    let outer = pool.submit(move || {
        let futures: Vec<_> = (0..100).map(|n| inner.submit(move || n)).collect();
        let (sender, receiver) = mpsc::channel();
        drop(inner.submit(move || sender.send(()).unwrap()));
        // This worker does nothing for them: another one has to.
        receiver.recv().unwrap();
        its_gate.pass();
        futures
    });
    gate.open();
    let values: Vec<_> = outer
        .result()
        .unwrap()
        .into_iter()
        .map(|it| it.result().unwrap())
        .collect();
    assert_eq!(values, (0..100).collect::<Vec<_>>());
}

#[test]
fn every_task_of_many_submitters_runs_once() {
    let pool = ThreadPoolExecutor::new(4).unwrap();
    let submitters: Vec<_> = (0..4_u64)
        .map(|k| {
            let pool = pool.clone();
            thread::spawn(move || {
                let futures: Vec<_> = (0..5000)
                    .map(|n| pool.submit(move || k * 5000 + n))
                    .collect();
                futures
                    .into_iter()
                    .map(|it| it.result().unwrap())
                    .sum::<u64>()
            })
        })
        .collect();
    let sum: u64 = submitters.into_iter().map(|it| it.join().unwrap()).sum();
    assert_eq!(sum, (0..20_000).sum::<u64>());
    assert_eq!(pool.stats().completed, 20_000);
}

// T21
#[test]
fn thread_locals_of_the_submitter_do_not_travel() {
    thread_local!(static TENANT: Cell<u32> = const { Cell::new(0) });
    TENANT.set(7);
    let pool = ThreadPoolExecutor::new(1).unwrap();
    assert_eq!(pool.submit(|| TENANT.get()).result().unwrap(), 0);
}

/// The smallest executor of one's own: a thread for each call.
#[derive(Clone)]
struct ThreadEach;

impl ClosureExecutor for ThreadEach {
    fn spawn<C: Callable + 'static>(&self, callable: C) -> Future<C::Output> {
        let (promise, future) = Promise::new();
        thread::spawn(move || match callable.call() {
            Ok(value) => promise.set_result(value).is_ok(),
            Err(error) => promise.set_exception(error).is_ok(),
        });
        future
    }
}

// E30
#[test]
fn an_executor_of_ones_own_gets_map_for_free() {
    let squares = ThreadEach.map(|n: u32| n * n, 1..=3);
    assert_eq!(squares.collect::<Result<Vec<_>, _>>().unwrap(), [1, 4, 9]);
}
