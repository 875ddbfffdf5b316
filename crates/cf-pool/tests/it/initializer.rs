//! What runs on each worker before its first task, and what happens when it fails.

use std::{
    io,
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use cf_core::{Error, Reason};
use cf_pool::ThreadPoolExecutor;

use crate::gate::{Gate, ends};

/// Panics, with a type that an initializer may have.
fn fail(why: &str) {
    panic!("{why}");
}

// T07
#[test]
fn it_runs_once_on_each_thread_before_the_first_task() {
    thread_local!(static N_CALLS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });
    let pool = ThreadPoolExecutor::builder()
        .max_workers(3)
        .initializer(|| N_CALLS.set(N_CALLS.get() + 1))
        .build()
        .unwrap();
    let all = Arc::new(Barrier::new(3));
    let futures: Vec<_> = (0..3)
        .map(|_| {
            let all = Arc::clone(&all);
            pool.submit(move || {
                all.wait();
                N_CALLS.get()
            })
        })
        .collect();
    assert!(futures.into_iter().all(|it| it.result().unwrap() == 1));
    assert_eq!(pool.submit(|| N_CALLS.get()).result().unwrap(), 1);
}

// T08
#[test]
fn a_panicking_initializer_breaks_the_pool() {
    let pool = ThreadPoolExecutor::builder()
        .max_workers(1)
        .initializer(|| fail("no licence"))
        .build()
        .unwrap();
    let error = pool.submit(|| 7).result().unwrap_err();
    assert!(matches!(error, Error::BrokenExecutor(_)), "{error}");
    assert!(error.to_string().contains("no licence"), "{error}");
    let later = pool.submit(|| 7).result().unwrap_err();
    assert!(matches!(later, Error::BrokenExecutor(_)), "{later}");
    assert!(matches!(
        pool.try_submit(|| 7).unwrap_err().reason,
        Reason::Broken(_)
    ));
}

// T08
#[test]
fn an_initializer_that_returns_an_error_breaks_the_pool() {
    let gate = Gate::new();
    let its_gate = gate.clone();
    let pool = ThreadPoolExecutor::builder()
        .max_workers(2)
        .initializer(move || {
            its_gate.pass();
            Err(io::Error::other("no display"))
        })
        .build()
        .unwrap();
    let queued: Vec<_> = (0..100).map(|n| pool.submit(move || n)).collect();
    gate.open();
    for future in queued {
        let error = future.result().unwrap_err();
        assert!(matches!(error, Error::BrokenExecutor(_)), "{error}");
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), "no display");
    }
    pool.shutdown();
    assert_eq!((pool.stats().failed, pool.stats().queued), (100, 0));
}

#[test]
fn each_item_of_a_map_that_was_accepted_before_has_an_outcome() {
    let gate = Gate::new();
    let its_gate = gate.clone();
    let pool = ThreadPoolExecutor::builder()
        .max_workers(1)
        .initializer(move || {
            its_gate.pass();
            fail("no licence");
        })
        .build()
        .unwrap();
    let outcomes = pool.map(|n: u32| n, 0..20).chunk_size(4).start();
    gate.open();
    assert!(pool.submit(|| 7).result().is_err());
    let outcomes: Vec<_> = outcomes.collect();
    assert_eq!(outcomes.len(), 20);
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert!(matches!(error, Error::BrokenExecutor(_)), "{error}");
    }
}

// T09
#[test]
fn work_that_runs_on_a_good_worker_survives_the_break() {
    let n_calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&n_calls);
    let pool = ThreadPoolExecutor::builder()
        .max_workers(2)
        .initializer(move || {
            assert_eq!(count.fetch_add(1, Ordering::SeqCst), 0, "only one licence");
        })
        .build()
        .unwrap();
    let (gate, running) = (Gate::new(), Gate::new());
    let (its_gate, its_running) = (gate.clone(), running.clone());
    let good = pool.submit(move || {
        its_running.open();
        its_gate.pass();
        7
    });
    running.pass();
    let broken = pool.submit(|| 8);
    assert!(matches!(broken.result(), Err(Error::BrokenExecutor(_))));
    gate.open();
    assert_eq!(good.result().unwrap(), 7);
    pool.shutdown();
}

// T10
#[test]
fn a_cancelled_task_in_the_queue_does_not_keep_the_others_from_failing() {
    let gate = Gate::new();
    let its_gate = gate.clone();
    let pool = ThreadPoolExecutor::builder()
        .max_workers(1)
        .initializer(move || {
            its_gate.pass();
            fail("expected");
        })
        .build()
        .unwrap();
    let futures: Vec<_> = (0..10).map(|n| pool.submit(move || n)).collect();
    assert!(futures[0].cancel() && futures[5].cancel());
    gate.open();
    for (n, future) in futures.into_iter().enumerate() {
        match future.result() {
            Err(Error::Cancelled) => assert!(n % 5 == 0),
            Err(Error::BrokenExecutor(_)) => assert!(n % 5 != 0),
            other => panic!("{other:?}"),
        }
    }
    let stats = pool.stats();
    assert_eq!((stats.cancelled, stats.failed), (2, 8));
}

// E24, T23
#[test]
fn a_broken_pool_that_is_shut_down_says_that_it_is_broken() {
    let pool = ThreadPoolExecutor::builder()
        .max_workers(1)
        .initializer(|| fail("expected"))
        .build()
        .unwrap();
    pool.submit(|| ()).wait();
    pool.shutdown();
    assert!(matches!(
        pool.submit(|| 7).result(),
        Err(Error::BrokenExecutor(_))
    ));
    assert!(matches!(
        pool.try_submit(|| 7).unwrap_err().reason,
        Reason::Broken(_)
    ));
}

#[test]
fn an_initializer_may_submit_to_its_own_pool() {
    ends(|| {
        let own = Arc::new(Mutex::new(None::<ThreadPoolExecutor>));
        let futures = Arc::new(Mutex::new(Vec::new()));
        let (its_own, its_futures) = (Arc::clone(&own), Arc::clone(&futures));
        let pool = ThreadPoolExecutor::builder()
            .max_workers(1)
            .initializer(move || {
                if let Some(pool) = its_own.lock().unwrap().take() {
                    let mut futures = its_futures.lock().unwrap();
                    futures.extend((0..3).map(|n| pool.submit(move || n)));
                }
            })
            .build()
            .unwrap();
        *own.lock().unwrap() = Some(pool.clone());
        assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
        let futures = std::mem::take(&mut *futures.lock().unwrap());
        let values: Vec<_> = futures.into_iter().map(cf_core::Future::result).collect();
        assert!(values.iter().all(Result::is_ok), "{values:?}");
    });
}

#[test]
fn an_initializer_may_wait_for_a_task_of_its_own_pool() {
    ends(|| {
        let own = Arc::new(Mutex::new(None::<ThreadPoolExecutor>));
        let its_own = Arc::clone(&own);
        let pool = ThreadPoolExecutor::builder()
            .max_workers(1)
            .initializer(move || {
                let pool = its_own.lock().unwrap().take();
                pool.map_or(Ok(()), |pool| pool.submit(|| ()).result())
            })
            .build()
            .unwrap();
        *own.lock().unwrap() = Some(pool.clone());
        assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
    });
}

#[test]
fn a_submission_that_waits_for_room_ends_when_the_pool_breaks() {
    ends(|| {
        let gate = Gate::new();
        let its_gate = gate.clone();
        let pool = ThreadPoolExecutor::builder()
            .max_workers(1)
            .queue_capacity(1)
            .initializer(move || {
                its_gate.pass();
                fail("expected");
            })
            .build()
            .unwrap();
        let first = pool.submit(|| 7);
        let room = cf_core::ClosureExecutor::spawn_room(&pool).unwrap();
        let waiting = thread::spawn(move || pool.submit(|| 8).result());
        gate.open();
        assert!(first.result().is_err());
        room.wait();
        assert!(matches!(
            waiting.join().unwrap(),
            Err(Error::BrokenExecutor(_))
        ));
    });
}

mod unprintable {
    use std::{
        fmt,
        process::Command,
        sync::atomic::{AtomicBool, Ordering},
    };

    use cf_core::Error;
    use cf_pool::ThreadPoolExecutor;
    use tracing::{
        Event, Metadata, Subscriber,
        field::{Field, Visit},
        span::{Attributes, Id, Record},
    };

    use crate::gate::{Gate, ends};

    const CHILD: &str = "CF_POOL_UNPRINTABLE";

    static IS_PRINTED: AtomicBool = AtomicBool::new(false);

    #[derive(Debug)]
    struct Unprintable;

    impl fmt::Display for Unprintable {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            IS_PRINTED.store(true, Ordering::SeqCst);
            panic!("it cannot be printed")
        }
    }

    impl std::error::Error for Unprintable {}

    /// Formats all fields of all events.
    struct Printer;

    impl Subscriber for Printer {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            event.record(&mut Formatted);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    struct Formatted;

    impl Visit for Formatted {
        fn record_debug(&mut self, _: &Field, value: &dyn fmt::Debug) {
            drop(format!("{value:?}"));
        }
    }

    fn is_broken(outcome: &Result<u32, Error>) -> bool {
        matches!(outcome, Err(Error::BrokenExecutor(_)))
    }

    // In a child process, for the workers hear only a subscriber that is global.
    #[test]
    fn an_error_that_panics_when_printed_breaks_the_pool_all_the_same() {
        if std::env::var_os(CHILD).is_none() {
            let name = "initializer::unprintable::an_error_that_panics_when_printed_breaks_the_pool_all_the_same";
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", name])
                .env(CHILD, "1")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&child.stdout);
            assert!(child.status.success(), "{said}");
            assert!(said.contains("1 passed"), "{said}");
            return;
        }
        tracing::subscriber::set_global_default(Printer).unwrap();
        ends(|| {
            let gate = Gate::new();
            let its_gate = gate.clone();
            let pool = ThreadPoolExecutor::builder()
                .max_workers(1)
                .initializer(move || {
                    its_gate.pass();
                    Err::<(), _>(Unprintable)
                })
                .build()
                .unwrap();
            let queued = [1, 2, 3].map(|n| pool.submit(move || n));
            gate.open();
            assert!(queued.into_iter().all(|it| is_broken(&it.result())));
            assert!(is_broken(&pool.submit(|| 4).result()));
            pool.shutdown();
            assert!(IS_PRINTED.load(Ordering::SeqCst));
        });
    }
}
