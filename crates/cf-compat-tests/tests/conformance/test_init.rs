//! `test_init.py`: what each worker does first, and what happens when that fails.

use std::{
    cell::Cell,
    fs,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, Ordering},
    },
};

use cf_compat_tests::kit::{Door, knock, tasks};
use cf_core::{Error, Reason};
use cf_pool::{ProcessPoolExecutor, ThreadPoolExecutor, task};

use crate::{
    child::in_child,
    reports,
    watch::{Gate, ends},
};

// CPython: test_init.py InitializerMixin.test_initializer
// T07
#[test]
fn each_thread_is_prepared_before_its_first_call() {
    thread_local!(static PREPARED: Cell<u64> = const { Cell::new(0) });
    ends(|| {
        let builder = ThreadPoolExecutor::builder().max_workers(2);
        let builder = builder.initializer(|| PREPARED.set(PREPARED.get() + 7));
        let pool = builder.build().unwrap();
        let both = Arc::new(Barrier::new(2));
        let calls = [0, 1].map(|_| {
            let both = Arc::clone(&both);
            pool.submit(move || {
                both.wait();
                PREPARED.get()
            })
        });
        assert_eq!(calls.map(|call| call.result().unwrap()), [7, 7]);
        for _ in 0..10 {
            assert_eq!(pool.submit(|| PREPARED.get()).result().unwrap(), 7);
        }
    });
}

static PREPARED: AtomicU64 = AtomicU64::new(0);

#[task]
fn prepare(n: u64) {
    PREPARED.fetch_add(n, Ordering::SeqCst);
}

#[task]
fn prepared(address: &str) -> u64 {
    knock(address, 0);
    PREPARED.load(Ordering::SeqCst)
}

// CPython: test_init.py InitializerMixin.test_initializer
// P22
#[test]
fn each_process_is_prepared_before_its_first_call() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().max_workers(2);
        let pool = builder.initializer(prepare::task(7)).build().unwrap();
        let door = Door::new();
        let calls = [0, 1].map(|_| pool.submit(prepared::task(door.address())));
        let guests = door.guests(2);
        assert_ne!(guests[0].pid, guests[1].pid);
        drop(guests);
        assert_eq!(calls.map(|call| call.result().unwrap()), [7, 7]);
        assert_eq!(PREPARED.load(Ordering::SeqCst), 0);
    });
}

fn assert_broken<T: std::fmt::Debug>(outcome: Result<T, Error>, why: &str) {
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::BrokenExecutor(_)), "{error:?}");
    assert!(error.to_string().contains(why), "{error}");
}

/// There is a report of it, which says that it was the initializer.
fn assert_reported(why: &str) {
    let reported = reports::with(why);
    assert!(!reported.is_empty());
    for report in reported {
        assert!(report.starts_with("ERROR"), "{report}");
        assert!(report.contains("exception in initializer"), "{report}");
    }
}

// CPython: test_init.py FailingInitializerMixin.test_initializer
// T08
// Differs: the report is a `tracing` event, and the error of the futures says why.
#[test]
fn a_thread_that_cannot_be_prepared_breaks_the_pool() {
    reports::listen();
    ends(|| {
        let (gate, keeper) = Gate::new();
        let builder = ThreadPoolExecutor::builder().max_workers(2);
        let builder = builder.initializer(move || {
            gate.pass();
            Err::<(), _>("no licence for threads")
        });
        let pool = builder.build().unwrap();
        let calls: Vec<_> = (0..10).map(|n| pool.submit(move || n)).collect();
        drop(keeper);
        for call in calls {
            assert_broken(call.result(), "no licence for threads");
        }
        assert_broken(pool.submit(|| 7).result(), "no licence for threads");
        let refused = pool.try_submit(|| 7).unwrap_err();
        assert!(matches!(refused.reason, Reason::Broken(_)));
        pool.shutdown();
        assert_reported("no licence for threads");
    });
}

#[task]
fn fail_to_prepare(address: &str) -> Result<(), String> {
    knock(address, 0);
    Err("no licence for processes".to_owned())
}

// CPython: test_init.py FailingInitializerMixin.test_initializer
// P22
// Differs: the error of the futures says why.
#[test]
fn a_process_that_cannot_be_prepared_breaks_the_pool() {
    reports::listen();
    ends(|| {
        let door = Door::new();
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        let builder = builder.initializer(fail_to_prepare::task(door.address()));
        let pool = builder.build().unwrap();
        let calls: Vec<_> = (0..10)
            .map(|n| pool.submit(tasks::add::task(n, 1)))
            .collect();
        drop(door.guest());
        for call in calls {
            assert_broken(call.result(), "no licence for processes");
        }
        let late = pool.submit(tasks::add::task(3, 4));
        assert_broken(late.result(), "no licence for processes");
        pool.shutdown();
        assert_reported("no licence for processes");
    });
}

#[task]
fn refuse() -> Result<(), String> {
    Err("never".to_owned())
}

fn n_entries(directory: &str) -> usize {
    fs::read_dir(directory).unwrap().count()
}

fn children() -> String {
    let path = format!("/proc/self/task/{}/children", std::process::id());
    fs::read_to_string(path).unwrap_or_default()
}

// CPython: test_init.py FailingInitializerResourcesTest.test_spawn
// CPython: test_init.py FailingInitializerResourcesTest.test_forkserver
// P22
// There is one way to start a worker, and it is descriptors, threads and processes that could be left behind.
#[cfg(target_os = "linux")]
#[test]
fn a_pool_that_could_not_be_prepared_leaves_nothing_behind() {
    in_child(
        "test_init::a_pool_that_could_not_be_prepared_leaves_nothing_behind",
        || {
            let fail = || {
                let builder = ProcessPoolExecutor::builder().max_workers(2);
                let pool = builder.initializer(refuse::task()).build().unwrap();
                let calls = [1, 2, 3].map(|n| pool.submit(tasks::add::task(n, n)));
                for call in calls {
                    assert_broken(call.result(), "never");
                }
                pool.shutdown();
            };
            // What is made once and kept.
            fail();
            let before = (n_entries("/proc/self/fd"), n_entries("/proc/self/task"));
            for _ in 0..5 {
                fail();
            }
            let after = (n_entries("/proc/self/fd"), n_entries("/proc/self/task"));
            assert_eq!(after, before);
            assert_eq!(children(), "");
        },
    );
}
