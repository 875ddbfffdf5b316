//! Fork-join: Fibonacci numbers with one submitted and one inline call at every node.

use std::{
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use cf_pool::ThreadPoolExecutor;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{
    case::Case,
    contenders::{Ours, warm},
    measured::{Measured, OURS, Series, Target},
    rounds::{self, Lane, Size},
};

const N_WORKERS: usize = 2;
const SCOPE: &str = "rayon scope + spawn";
const JOIN: &str = "rayon join";
/// Threads that the pool adds by default, at most, for tasks that block.
const N_COMPENSATING_AT_MOST: u32 = 256;
const SAMPLING_INTERVAL: Duration = Duration::from_micros(500);

pub(crate) fn case(size: Size) -> Case {
    Case::new("fib", move || {
        let n = size.fib;
        let lanes = [
            Lane::new(OURS, move || ours(n)),
            Lane::new(SCOPE, move || scope(n)),
            Lane::new(JOIN, move || join(n)),
        ];
        let times = Measured {
            title: format!("fork-join, fib({n}), 2 workers"),
            unit: "ns a spawn".to_owned(),
            series: rounds::interleaved(size.n_rounds, &lanes),
            targets: vec![
                Target::ratio("rayon scope + spawn", &[SCOPE], 0.8),
                Target::stretch("rayon join", &[JOIN], 4.0),
            ],
        };
        let threads = Measured {
            title: format!("fork-join, fib({n}), 2 workers, most threads seen"),
            unit: "threads".to_owned(),
            series: vec![Series {
                contender: OURS.to_owned(),
                values: vec![most_threads(n)],
            }],
            targets: vec![Target::value(
                "workers and the compensation bound",
                f64::from(2 + N_COMPENSATING_AT_MOST),
            )],
        };
        vec![times, threads]
    })
}

fn ours(n: u64) -> f64 {
    let pool = leaked_pool();
    let time = timed(n, || {
        pool.submit(move || fib_by_submit(pool, n))
            .result()
            .expect("the task succeeds")
    });
    pool.shutdown();
    time
}

/// The pool as a program's global would be: a task borrows it without counting anything. Only the handle leaks.
fn leaked_pool() -> &'static ThreadPoolExecutor {
    let Ours(pool) = warm(N_WORKERS);
    Box::leak(Box::new(pool))
}

fn fib_by_submit(pool: &'static ThreadPoolExecutor, n: u64) -> u64 {
    if n < 2 {
        return black_box(n);
    }
    let other = pool.submit(move || fib_by_submit(pool, n - 1));
    let this = fib_by_submit(pool, n - 2);
    this + other.result().expect("the task succeeds")
}

fn scope(n: u64) -> f64 {
    let pool = rayon_pool();
    timed(n, || pool.install(|| fib_by_scope(n)))
}

fn fib_by_scope(n: u64) -> u64 {
    if n < 2 {
        return black_box(n);
    }
    let (mut other, mut this) = (0, 0);
    rayon::scope(|scope| {
        scope.spawn(|_| other = fib_by_scope(n - 1));
        this = fib_by_scope(n - 2);
    });
    this + other
}

fn join(n: u64) -> f64 {
    let pool = rayon_pool();
    timed(n, || pool.install(|| fib_by_join(n)))
}

fn fib_by_join(n: u64) -> u64 {
    if n < 2 {
        return black_box(n);
    }
    let (other, this) = rayon::join(|| fib_by_join(n - 1), || fib_by_join(n - 2));
    this + other
}

fn rayon_pool() -> ThreadPool {
    let pool = ThreadPoolBuilder::new()
        .num_threads(N_WORKERS)
        .build()
        .expect("the pool starts");
    pool.broadcast(|_| ());
    pool
}

fn timed(n: u64, work: impl FnOnce() -> u64) -> f64 {
    let started = Instant::now();
    assert_eq!(work(), fib(n), "a wrong sum");
    started.elapsed().as_nanos() as f64 / n_spawns(n) as f64
}

fn fib(n: u64) -> u64 {
    (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0
}

/// One for every call with n >= 2.
fn n_spawns(n: u64) -> u64 {
    fib(n + 1) - 1
}

/// The most threads that our pool had at any time, sampled during an untimed run and read once more after it.
fn most_threads(n: u64) -> f64 {
    let pool = leaked_pool();
    let finished = AtomicBool::new(false);
    let most = thread::scope(|scope| {
        let sampler = scope.spawn(|| {
            let mut most = pool.stats().threads;
            while !finished.load(Ordering::Relaxed) {
                thread::sleep(SAMPLING_INTERVAL);
                most = most.max(pool.stats().threads);
            }
            most
        });
        let sum = pool.submit(move || fib_by_submit(pool, n)).result();
        finished.store(true, Ordering::Relaxed);
        assert_eq!(sum.expect("the task succeeds"), fib(n), "a wrong sum");
        sampler.join().expect("the sampler does not panic")
    });
    pool.shutdown();
    most as f64
}
