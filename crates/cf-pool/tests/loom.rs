//! Models of the pools' races: the real thread pool on loom's threads, and what the process pool's two sides share.
#![cfg(cf_loom)]

#[expect(dead_code, reason = "not every width needs every operation")]
#[path = "loom/in_order.rs"]
mod in_order;
#[expect(
    dead_code,
    reason = "a process pool uses more of it than its models do"
)]
#[path = "../src/process/positions.rs"]
mod positions;
#[path = "loom/progress.rs"]
mod progress;
#[path = "loom/rings.rs"]
mod rings;

use std::{
    io::{self, Write},
    panic, process,
    sync::{Arc, Once},
    time::Duration,
};

use cf_core::{
    Error, Promise, Reason,
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        thread,
    },
};
use cf_pool::{Shutdown, ThreadPoolBuilder, ThreadPoolExecutor};
use loom::{explore, model::Builder, stop_exploring};

/// A worker makes more moves than loom takes for an endless loop by default.
const MAX_BRANCHES: usize = 20_000;

/// Runs `f` through all orders with at most `n_preemptions`, or as few as the environment asks for.
fn model(n_preemptions: usize, f: impl Fn() + Send + Sync + 'static) {
    end_at_the_first_panic();
    let mut builder = Builder::new();
    builder.max_branches = MAX_BRANCHES;
    let asked = builder.preemption_bound.unwrap_or(n_preemptions);
    builder.preemption_bound = Some(asked.min(n_preemptions));
    builder.check(f);
}

/// No task here panics, so a panic is a failed model; caught by a worker, loom's own would be thrown again and again.
fn end_at_the_first_panic() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        panic::set_hook(Box::new(|failure| {
            let model = std::thread::current();
            let model = model.name().unwrap_or("a model");
            // Not by a macro, whose output the test harness would keep.
            let _ = writeln!(io::stderr(), "{model} failed: {failure}");
            process::exit(1);
        }));
    });
}

fn pool(n_workers: usize) -> ThreadPoolBuilder {
    ThreadPoolExecutor::builder()
        .max_workers(n_workers)
        .compensate(0)
}

fn is_shut_down(error: &Error) -> bool {
    matches!(error, Error::Rejected(Reason::Shutdown))
}

/// A pool whose worker is about to look for more: exploring begins inside its first task.
fn busy_pool() -> ThreadPoolExecutor {
    stop_exploring();
    let pool = pool(1).build().unwrap();
    pool.submit(explore).result().unwrap();
    pool
}

/// A pool of two workers that have been at work; nothing is explored yet.
fn warm_pool() -> ThreadPoolExecutor {
    stop_exploring();
    let pool = pool(2).build().unwrap();
    let tasks = [pool.submit(|| ()), pool.submit(|| ())];
    for task in tasks {
        task.result().unwrap();
    }
    pool
}

/// A door that only a task opens, and how to wait for it without telling the pool that a worker blocks.
#[derive(Clone)]
struct Door(Arc<AtomicBool>);

impl Door {
    fn new() -> Self {
        Self(Arc::new(AtomicBool::new(false)))
    }

    /// Opens it, and wakes the one who waits.
    fn open(&self, waiter: &thread::Thread) {
        self.0.store(true, Ordering::Release);
        waiter.unpark();
    }

    fn wait(&self) {
        while !self.0.load(Ordering::Acquire) {
            thread::park();
        }
    }
}

#[test]
fn queue_push_races_park() {
    model(3, || {
        let pool = busy_pool();
        // The worker searches, lies down or sleeps.
        assert_eq!(pool.submit(|| 8).result().unwrap(), 8);
        stop_exploring();
    });
}

#[test]
fn queue_push_races_push() {
    model(1, || {
        let pool = busy_pool();
        let other = pool.clone();
        let submitter = thread::spawn(move || other.submit(|| 7).result().unwrap());
        assert_eq!(pool.submit(|| 8).result().unwrap(), 8);
        assert_eq!(submitter.join().unwrap(), 7);
        stop_exploring();
    });
}

#[test]
fn shutdown_races_submit() {
    model(3, || {
        let pool = pool(1).build().unwrap();
        let submitter = pool.clone();
        let submitter = thread::spawn(move || submitter.submit(|| 7));
        pool.shutdown();
        let mut future = submitter.join().unwrap();
        match future
            .try_result()
            .expect("accepted, so done when shutdown returned")
        {
            Ok(value) => assert_eq!(value, 7),
            Err(error) => assert!(is_shut_down(&error)),
        }
    });
}

#[test]
fn shutdown_races_park() {
    model(3, || {
        let pool = pool(1).build().unwrap();
        let accepted = pool.submit(|| 7);
        pool.shutdown();
        assert!(
            accepted.done(),
            "accepted work is done when shutdown returns"
        );
    });
}

#[test]
fn shutdown_races_shutdown() {
    model(2, || {
        let pool = pool(1).build().unwrap();
        let accepted = Arc::new(pool.submit(|| 7));
        let (other, seen) = (pool.clone(), Arc::clone(&accepted));
        let closer = thread::spawn(move || {
            other.shutdown();
            assert!(seen.done());
        });
        pool.shutdown();
        assert!(accepted.done());
        closer.join().unwrap();
    });
}

#[test]
fn cancelling_shutdown_races_take() {
    model(3, || {
        let pool = pool(1).build().unwrap();
        let accepted = pool.submit(|| 7);
        pool.shutdown_with(Shutdown {
            wait: true,
            cancel_futures: true,
        });
        match accepted.result() {
            Ok(value) => assert_eq!(value, 7),
            Err(error) => assert!(matches!(error, Error::Cancelled)),
        }
    });
}

#[test]
fn cancel_races_take() {
    model(3, || {
        let pool = pool(1).build().unwrap();
        let n_runs = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&n_runs);
        let future = pool.submit(move || counter.fetch_add(1, Ordering::Relaxed));
        let cancelled = future.cancel();
        assert_eq!(future.result().is_err(), cancelled);
        drop(pool);
        assert_eq!(n_runs.load(Ordering::Relaxed), usize::from(!cancelled));
    });
}

#[test]
fn local_push_races_lying_down() {
    model(2, || {
        let pool = warm_pool();
        let inner = pool.clone();
        let task = pool.submit(move || {
            let (awake, done) = (Door::new(), Door::new());
            let (its_awake, its_done) = (awake.clone(), done.clone());
            let (me, me_too) = (thread::current(), thread::current());
            // This thread tells nobody that it waits, so only the other worker can run what is pushed here.
            let first = inner.submit(move || {
                explore();
                its_awake.open(&me);
            });
            awake.wait();
            let second = inner.submit(move || its_done.open(&me_too));
            done.wait();
            stop_exploring();
            drop((first, second));
        });
        task.result().unwrap();
    });
}

#[test]
fn wait_in_a_task_races_theft() {
    model(2, || {
        let pool = warm_pool();
        let inner = pool.clone();
        let outer = pool.submit(move || {
            explore();
            let outcome = inner.submit(|| 25).result();
            stop_exploring();
            outcome
        });
        pool.submit(|| ()).result().unwrap();
        assert_eq!(outer.result().unwrap().unwrap(), 25);
    });
}

#[test]
fn room_made_races_submit() {
    model(2, || {
        let pool = pool(1).queue_capacity(1).build().unwrap();
        let first = pool.submit(|| 7);
        // Full until the worker has started the first.
        assert_eq!(pool.submit(|| 8).result().unwrap(), 8);
        assert_eq!(first.result().unwrap(), 7);
    });
}

#[test]
fn room_made_races_two_submits() {
    model(1, || {
        let pool = pool(1).queue_capacity(1).build().unwrap();
        let other = pool.clone();
        let first = pool.submit(|| 7);
        let submitter = thread::spawn(move || other.submit(|| 8).result().unwrap());
        assert_eq!(pool.submit(|| 9).result().unwrap(), 9);
        assert_eq!(submitter.join().unwrap(), 8);
        stop_exploring();
        assert_eq!(first.result().unwrap(), 7);
    });
}

#[test]
fn cancel_races_room_made() {
    model(2, || {
        let pool = pool(1).queue_capacity(1).build().unwrap();
        let first = pool.submit(|| 7);
        let canceller = first.canceller();
        let cancelling = thread::spawn(move || canceller.cancel());
        assert_eq!(pool.submit(|| 8).result().unwrap(), 8);
        assert_eq!(first.result().is_err(), cancelling.join().unwrap());
    });
}

#[test]
fn shutdown_races_wait_for_room() {
    model(2, || {
        let pool = pool(1).queue_capacity(1).build().unwrap();
        let first = pool.submit(|| 7);
        let other = pool.clone();
        let submitter = thread::spawn(move || other.submit(|| 8).result());
        pool.shutdown();
        assert_eq!(first.result().unwrap(), 7);
        match submitter.join().unwrap() {
            Ok(value) => assert_eq!(value, 8),
            Err(error) => assert!(is_shut_down(&error)),
        }
    });
}

#[test]
fn leaving_races_submit() {
    model(2, || {
        let pool = pool(1).idle_timeout(Duration::ZERO).build().unwrap();
        assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
        // The worker leaves as soon as it has nothing to do.
        assert_eq!(pool.submit(|| 8).result().unwrap(), 8);
    });
}

#[test]
fn failing_initializer_races_submit() {
    model(2, || {
        let pool = pool(1)
            .initializer(|| Err::<(), _>("fails"))
            .build()
            .unwrap();
        for _ in 0..2 {
            let outcome = pool.submit(|| 7).result();
            assert!(matches!(outcome, Err(Error::BrokenExecutor(_))));
        }
    });
}

#[test]
fn continuation_races_submit() {
    model(1, || {
        let pool = warm_pool();
        let door = Door::new();
        let (waiter, its_thread) = Promise::new();
        let (go, start) = Promise::new();
        let task = pool.submit(move || start.result());
        // Whoever holds one of these could look at the task while its continuation runs.
        let canceller = task.canceller();
        let its_door = door.clone();
        let waiting = task.map(move |_| {
            waiter.set_result(thread::current()).unwrap();
            its_door.wait();
        });
        go.set_result(()).unwrap();
        explore();
        let its_thread = its_thread.result().unwrap();
        pool.submit(move || door.open(&its_thread))
            .result()
            .unwrap();
        stop_exploring();
        waiting.result().unwrap();
        drop(canceller);
    });
}

#[test]
fn last_handle_dropped_in_a_task_races_submit() {
    model(2, || {
        let pool = pool(1).build().unwrap();
        let inner = pool.clone();
        let future = pool.submit(move || drop(inner));
        let other = pool.submit(|| 7);
        drop(pool);
        future.result().unwrap();
        assert_eq!(other.result().unwrap(), 7);
    });
}
