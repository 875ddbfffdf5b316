//! Closures that borrow.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use cf_core::{Error, fallible};
use cf_pool::ThreadPoolExecutor;

use crate::gate::{Gate, ends};

// E22
#[test]
fn all_that_was_submitted_has_ended_when_scope_returns() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let ran = AtomicUsize::new(0);
    pool.scope(|s| {
        for _ in 0..1000 {
            drop(s.submit(|| ran.fetch_add(1, Ordering::SeqCst)));
        }
    });
    assert_eq!(ran.load(Ordering::SeqCst), 1000);
}

#[test]
fn tasks_borrow_mutably_what_is_theirs() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let mut numbers = [1, 2, 3, 4];
    pool.scope(|s| {
        for number in &mut numbers {
            drop(s.submit(move || *number *= 10));
        }
    });
    assert_eq!(numbers, [10, 20, 30, 40]);
}

#[test]
fn a_value_may_borrow() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let words = ["a".to_owned(), "bc".to_owned()];
    let longest = pool.scope(|s| {
        s.submit(|| words.iter().max_by_key(|word| word.len()))
            .result()
    });
    assert_eq!(longest.unwrap().unwrap(), "bc");
}

#[test]
fn up_to_max_workers_tasks_run_at_the_same_time() {
    let pool = ThreadPoolExecutor::new(3).unwrap();
    let all = Barrier::new(4);
    pool.scope(|s| {
        for _ in 0..3 {
            drop(s.submit(|| all.wait()));
        }
        all.wait();
    });
    let (now, highest) = (AtomicUsize::new(0), AtomicUsize::new(0));
    pool.scope(|s| {
        let gate = Gate::new();
        for _ in 0..200 {
            drop(s.submit(|| {
                highest.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                now.fetch_sub(1, Ordering::SeqCst);
            }));
        }
        gate.open();
    });
    // At the end of a scope its own thread helps.
    assert!(highest.load(Ordering::SeqCst) <= 4);
}

#[test]
fn failures_are_in_their_futures() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    pool.scope(|s| {
        let panicked = s.submit(|| -> u32 { panic!("expected") });
        assert!(matches!(panicked.result(), Err(Error::Panicked(_))));
        let failed = s.submit(fallible(|| "x".parse::<u8>()));
        assert!(matches!(failed.result(), Err(Error::Raised(_))));
        assert_eq!(s.submit(|| 7).result().unwrap(), 7);
        drop(s.submit(|| panic!("nobody looks")));
    });
    assert_eq!(pool.submit(|| 8).result().unwrap(), 8);
}

// E22
#[test]
fn a_scope_that_panics_runs_what_was_submitted_and_goes_on_unwinding() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let ran = AtomicUsize::new(0);
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        pool.scope(|s| {
            for _ in 0..100 {
                drop(s.submit(|| ran.fetch_add(1, Ordering::SeqCst)));
            }
            panic!("in the scope");
        })
    }));
    assert_eq!(
        outcome.unwrap_err().downcast_ref::<&str>(),
        Some(&"in the scope")
    );
    assert_eq!(ran.load(Ordering::SeqCst), 100);
}

#[test]
fn a_queued_task_can_be_cancelled() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let ran = AtomicUsize::new(0);
    pool.scope(|s| {
        let (gate, running) = (Gate::new(), Gate::new());
        let (its_gate, its_running) = (gate.clone(), running.clone());
        let first = s.submit(move || {
            its_running.open();
            its_gate.pass();
        });
        running.pass();
        let queued = s.submit(|| ran.fetch_add(1, Ordering::SeqCst));
        assert!(first.running() && !first.cancel());
        assert!(queued.cancel() && queued.cancelled() && queued.done());
        gate.open();
        assert!(matches!(queued.result(), Err(Error::Cancelled)));
        first.result().unwrap();
    });
    assert_eq!(ran.load(Ordering::SeqCst), 0);
}

#[test]
fn tasks_of_a_scope_may_submit_and_wait_for_each_other() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let base = 7;
        let sum = pool.scope(|s| {
            let inner = s.clone();
            let outer = s.submit(move || {
                let parts = [1, 2, 3].map(|n| inner.submit(move || base * n));
                parts.map(|it| it.result().unwrap()).iter().sum::<i32>()
            });
            outer.result().unwrap()
        });
        assert_eq!(sum, 42);
    });
}

#[test]
fn two_tasks_of_a_scope_that_wait_for_each_other_are_told() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(2).unwrap();
        pool.scope(|s| {
            let (to_a, at_a) = mpsc::channel::<cf_pool::ScopedFuture<'_, bool>>();
            let (to_b, at_b) = mpsc::channel::<cf_pool::ScopedFuture<'_, bool>>();
            let (report, reports) = mpsc::channel();
            let told = report.clone();
            let a = s.submit(move || told.send(at_a.recv().unwrap().result().is_err()).is_ok());
            let b = s.submit(move || report.send(at_b.recv().unwrap().result().is_err()).is_ok());
            to_a.send(b).unwrap();
            to_b.send(a).unwrap();
            assert!(reports.iter().any(|is_told| is_told));
        });
    });
}

#[test]
fn a_scope_inside_a_task_of_its_pool_ends() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let inner = pool.clone();
        let outer = pool.submit(move || {
            let base = 7;
            inner.scope(|s| s.submit(|| base * 6).result().unwrap())
        });
        assert_eq!(outer.result().unwrap(), 42);
    });
}

#[test]
fn a_worker_that_waits_for_the_end_of_a_scope_is_replaced() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let inner = pool.clone();
        let outer = pool.submit(move || {
            let (sender, receiver) = mpsc::channel();
            inner.scope(|s| {
                let pool = inner.clone();
                drop(s.submit(move || {
                    sender.send(()).unwrap();
                    // Queued on the pool, whose only worker waits for the end of this scope.
                    assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
                }));
                receiver.recv().unwrap();
            });
        });
        outer.result().unwrap();
    });
}
