//! Where the pool must find someone for a waiting worker's work: all workers wait at once, sections nest, long chains.

use std::{
    sync::{Arc, Barrier, mpsc},
    time::Duration,
};

use cf_core::{BlockedSection, Error, Promise, SharedFuture, as_completed, fallible};
use cf_pool::ThreadPoolExecutor;

use crate::gate::{Gate, OpenAtEnd, ends};

#[test]
fn workers_that_all_step_to_a_queued_task_without_replacements_end() {
    ends(|| {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(2)
            .compensate(0)
            .build()
            .unwrap();
        // Many rounds: who queues, waits and looks first differs from one to the next.
        for _ in 0..500 {
            let both = Arc::new(Barrier::new(2));
            let tasks = [(); 2].map(|()| {
                let (both, inner) = (Arc::clone(&both), pool.clone());
                pool.submit(move || {
                    both.wait();
                    as_completed([inner.submit(|| 1)]).count()
                })
            });
            for task in tasks {
                assert_eq!(task.result().unwrap(), 1);
            }
        }
    });
}

#[test]
fn a_circle_through_the_closure_of_map_is_told() {
    // Many rounds: who closes the circle differs from one to the next.
    ends(|| {
        let pool = ThreadPoolExecutor::new(4).unwrap();
        for _ in 0..100 {
            let gate = Gate::new();
            let its_gate = gate.clone();
            let (to_closure, at_closure) = mpsc::channel::<SharedFuture<u32>>();
            let (to_test, told) = mpsc::channel();
            let to_test_too = to_test.clone();
            let is_told = |outcome: &Result<u32, Error>| matches!(outcome, Err(Error::Deadlock(_)));
            let b = pool.submit(move || its_gate.pass());
            let d = b.map(move |()| {
                let outcome = at_closure.recv().unwrap().result();
                to_test.send(is_told(&outcome)).unwrap();
                outcome.unwrap_or(9)
            });
            let a = pool
                .submit(fallible(move || {
                    let outcome = d.result();
                    to_test_too.send(is_told(&outcome)).unwrap();
                    outcome
                }))
                .shared();
            to_closure.send(a.clone()).unwrap();
            gate.open();
            assert!(told.iter().any(|is_told| is_told));
            a.wait();
        }
        assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
    });
}

#[test]
fn a_wait_within_nested_blocked_sections_works() {
    for n_workers in [1, 2] {
        ends(move || {
            let pool = ThreadPoolExecutor::new(n_workers).unwrap();
            let (promise, future) = Promise::<u32>::new();
            let inside = Gate::new();
            let is_inside = inside.clone();
            let blocked = pool.submit(fallible(move || {
                let outer = BlockedSection::enter();
                let inner = BlockedSection::enter();
                is_inside.open();
                let outcome = future.result();
                drop(inner);
                drop(outer);
                outcome
            }));
            inside.pass();
            assert_eq!(pool.submit(|| 5).result().unwrap(), 5);
            promise.set_result(1).unwrap();
            assert_eq!(blocked.result().unwrap(), 1);
            let later: Vec<_> = (0..10).map(|n| pool.submit(move || n)).collect();
            let sum: u32 = later.into_iter().map(|it| it.result().unwrap()).sum();
            assert_eq!(sum, 45);
            assert_eq!(pool.stats().running, 0);
        });
    }
}

#[test]
fn a_chain_of_scoped_tasks_that_each_read_the_one_before_ends() {
    const N_TASKS: u32 = 20_000;
    for n_workers in [1, 2] {
        ends(move || {
            let pool = ThreadPoolExecutor::new(n_workers).unwrap();
            let gate = Gate::new();
            let last = pool.scope(|s| {
                // Every worker is held until the whole chain is queued.
                for _ in 0..n_workers {
                    drop(s.submit(|| gate.pass()));
                }
                let mut last = s.submit(|| 0);
                for _ in 0..N_TASKS {
                    let previous = last;
                    last = s.submit(move || previous.result().unwrap() + 1);
                }
                gate.open();
                last.result()
            });
            assert_eq!(last.unwrap(), N_TASKS);
        });
    }
}

#[test]
fn the_end_of_a_chain_of_scoped_tasks_may_be_read_before_any_has_started() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let gate = Gate::new();
        let last = pool.scope(|s| {
            drop(s.submit(|| gate.pass()));
            let mut last = s.submit(|| 0);
            for _ in 0..20_000 {
                let previous = last;
                last = s.submit(move || previous.result().unwrap() + 1);
            }
            let outcome = last.result();
            gate.open();
            outcome
        });
        assert_eq!(last.unwrap(), 20_000);
    });
}

#[test]
fn the_timeout_of_map_holds_while_the_queue_is_full() {
    ends(|| {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(1)
            .queue_capacity(1)
            .build()
            .unwrap();
        let (gate, running) = (OpenAtEnd(Gate::new()), Gate::new());
        let (its_gate, its_running) = (gate.0.clone(), running.clone());
        drop(pool.submit(move || {
            its_running.open();
            its_gate.pass();
        }));
        running.pass();
        // time: it must run out while the calls wait for room, which comes only when the gate opens
        let mut results = pool
            .map(|n: u32| n, 0..5)
            .timeout(Duration::from_millis(50));
        assert!(matches!(results.next(), Some(Err(Error::TimedOut(_)))));
        drop(gate);
    });
}

#[test]
fn a_panic_in_the_drop_of_an_unread_scoped_value_stays_inside() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let n = pool.scope(|s| {
            drop(s.submit(|| Bomb));
            let ended = s.submit(|| Bomb);
            ended.wait();
            drop(ended);
            let kept_to_the_end = s.submit(|| Bomb);
            let n = s.submit(|| 7).result().unwrap();
            drop(kept_to_the_end);
            n
        });
        assert_eq!(n, 7);
        assert_eq!(pool.submit(|| 8).result().unwrap(), 8);
    });
}
