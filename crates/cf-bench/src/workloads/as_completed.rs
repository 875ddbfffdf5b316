//! As completed: many tiny tasks, their results taken in the order in which they complete.

use std::{hint::black_box, sync::mpsc, time::Instant};

use futures::{StreamExt as _, executor::block_on, stream::FuturesUnordered};
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::task::JoinSet;

use crate::{
    case::Case,
    contenders::{Ours, SpawnBlocking, warm},
    measured::{Measured, OURS, Target},
    rounds::{self, Lane, Size},
};

const N_WORKERS: usize = 2;
const FUTURES_UNORDERED: &str = "FuturesUnordered(rayon + tokio oneshot)";
const JOIN_SET: &str = "JoinSet(spawn_blocking)";

pub(crate) fn case(size: Size) -> Case {
    Case::new("as_completed", move || {
        let n = size.n_as_completed;
        let lanes = [
            Lane::new(OURS, move || ours(n)),
            Lane::new(FUTURES_UNORDERED, move || futures_unordered(n)),
            Lane::new(JOIN_SET, move || join_set(n)),
            Lane::new("rayon spawn + one shared std mpsc", move || {
                shared_channel(n)
            }),
        ];
        vec![Measured {
            title: format!("as completed, {} k tasks, 2 workers", n / 1000),
            unit: "ns a task".to_owned(),
            series: rounds::interleaved(size.n_rounds, &lanes),
            targets: vec![
                Target::ratio("FuturesUnordered", &[FUTURES_UNORDERED], 0.6),
                Target::ratio("JoinSet", &[JOIN_SET], 0.3),
            ],
        }]
    })
}

fn ours(n: u64) -> f64 {
    let Ours(pool) = warm(N_WORKERS);
    timed(n, || {
        let futures: Vec<_> = (0..n).map(|i| pool.submit(move || black_box(i))).collect();
        cf_core::as_completed(futures)
            .map(|future| future.result().expect("the task succeeds"))
            .sum()
    })
}

fn futures_unordered(n: u64) -> f64 {
    let pool = rayon_pool();
    timed(n, || {
        let futures: FuturesUnordered<_> = (0..n)
            .map(|i| {
                let (sender, receiver) = tokio::sync::oneshot::channel();
                pool.spawn(move || sender.send(black_box(i)).expect("the receiver is kept"));
                receiver
            })
            .collect();
        block_on(futures.fold(0, async |sum, result| {
            sum + result.expect("the task succeeds")
        }))
    })
}

fn join_set(n: u64) -> f64 {
    let tokio: SpawnBlocking = warm(N_WORKERS);
    timed(n, || {
        tokio.runtime().block_on(async {
            let mut set = JoinSet::new();
            for i in 0..n {
                set.spawn_blocking(move || black_box(i));
            }
            let mut sum = 0;
            while let Some(result) = set.join_next().await {
                sum += result.expect("the task succeeds");
            }
            sum
        })
    })
}

fn shared_channel(n: u64) -> f64 {
    let pool = rayon_pool();
    timed(n, || {
        let (sender, receiver) = mpsc::channel();
        for i in 0..n {
            let sender = sender.clone();
            pool.spawn(move || sender.send(black_box(i)).expect("the receiver is kept"));
        }
        drop(sender);
        receiver.into_iter().sum()
    })
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
    assert_eq!(work(), n * (n - 1) / 2, "a result was lost");
    started.elapsed().as_nanos() as f64 / n as f64
}
