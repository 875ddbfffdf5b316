//! Several pools, pools in workers, a pool in a static, many threads on one pool; with deaths among the calls.

use std::{
    sync::{LazyLock, Mutex},
    thread,
};

use cf_core::Error;
use cf_pool::{ProcessPoolExecutor, task};

use crate::{LONG, deaths::die, how_many, outcome, random::Random};

static POOL: LazyLock<ProcessPoolExecutor> = LazyLock::new(|| ProcessPoolExecutor::new(2).unwrap());

#[task]
fn triple(n: u64) -> u64 {
    n * 3
}

#[task]
fn triple_or_die(n: u64, way: Option<usize>) -> u64 {
    way.into_iter().for_each(die);
    n * 3
}

/// The sum of what a pool of its own gives.
#[task]
fn sum_in_own_pool(n: u64) -> Result<u64, Error> {
    let pool = ProcessPoolExecutor::new(2).map_err(|error| Error::from_box(error.into()))?;
    pool.map(triple::task, 0..n).timeout(LONG).sum()
}

/// The same with one pool for all calls of this worker, in which every call kills a worker first.
#[task]
fn sum_in_static_pool(n: u64) -> Result<u64, Error> {
    let died = outcome(POOL.submit(triple_or_die::task(0, Some(n as usize % 5))));
    assert!(matches!(died, Err(Error::WorkerDied(_))), "{died:?}");
    POOL.map(triple::task, 0..n).timeout(LONG).sum()
}

/// One level deeper.
#[task]
fn sum_in_pool_of_pool(n: u64) -> Result<u64, Error> {
    let pool = ProcessPoolExecutor::new(1).map_err(|error| Error::from_box(error.into()))?;
    outcome(pool.submit(sum_in_own_pool::task(n)))
}

/// Has a pool with work in it, and dies.
#[task]
fn die_over_own_pool(way: usize) {
    let future = POOL.submit(triple::task(1));
    die(way);
    drop(future);
}

#[test]
fn two_pools_know_nothing_of_each_other() {
    let n_calls = how_many(200, 1_000, 20_000) as u64;
    let pools = [1, 2].map(|n| ProcessPoolExecutor::new(n).unwrap());
    let futures: Vec<_> = (0..n_calls)
        .map(|n| {
            // Only the first one has deaths.
            let way = (n % 50 == 11).then_some(n as usize / 50 % 5);
            (
                n,
                way,
                pools[0].submit(triple_or_die::task(n, way)),
                pools[1].submit(triple::task(n)),
            )
        })
        .collect();
    for (n, way, mortal, quiet) in futures {
        assert_eq!(outcome(quiet).unwrap(), n * 3);
        match outcome(mortal) {
            Ok(value) => assert_eq!((value, way), (n * 3, None)),
            Err(error) => assert!(
                way.is_some() && matches!(error, Error::WorkerDied(_)),
                "{error}"
            ),
        }
    }
    let [mortal, quiet] = pools.map(|pool| pool.stats());
    assert_eq!((quiet.failed, quiet.restarts), (0, 0));
    assert_eq!(mortal.failed, n_calls / 50);
    println!(
        "two pools: {n_calls} calls each, {} deaths in one, none in the other",
        mortal.failed
    );
}

#[test]
fn workers_have_pools_of_their_own() {
    let n_calls = how_many(2, 5, 40) as u64;
    let pool = ProcessPoolExecutor::new(2).unwrap();
    let mut futures = Vec::new();
    for n in 10..10 + n_calls {
        futures.push((n, pool.submit(sum_in_own_pool::task(n))));
        futures.push((n, pool.submit(sum_in_static_pool::task(n))));
        futures.push((n, pool.submit(sum_in_pool_of_pool::task(n))));
    }
    let n_sums = futures.len();
    for (n, future) in futures {
        assert_eq!(outcome(future).unwrap(), 3 * n * (n - 1) / 2);
    }
    for way in 0..5 {
        let died = outcome(pool.submit(die_over_own_pool::task(way)));
        assert!(matches!(died, Err(Error::WorkerDied(_))), "{died:?}");
    }
    println!(
        "nested pools: {n_sums} sums two and three processes deep, 5 workers died over a pool of their own"
    );
}

#[test]
fn a_pool_in_a_static_serves_threads() {
    let n_calls = how_many(500, 2_000, 20_000) as u64;
    let sums: u64 = thread::scope(|scope| {
        let threads = [0, 1, 2, 3].map(|start| {
            scope.spawn(move || {
                let items = (start..n_calls).step_by(4);
                let outcomes = POOL.map(triple::task, items).timeout(LONG);
                outcomes.map(Result::unwrap).sum::<u64>()
            })
        });
        threads.map(|it| it.join().unwrap()).iter().sum()
    });
    assert_eq!(sums, 3 * n_calls * (n_calls - 1) / 2);
    println!("static pool: {n_calls} calls from 4 threads");
}

#[test]
fn sixteen_threads_on_one_pool_with_deaths() {
    let n_rounds = how_many(50, 200, 5_000);
    let pool = ProcessPoolExecutor::new(2).unwrap();
    let n_deaths = Mutex::new(0);
    thread::scope(|scope| {
        for seed in 0..16 {
            let (pool, n_deaths) = (&pool, &n_deaths);
            scope.spawn(move || {
                let mut random = Random::new(40 + seed);
                for round in 0..n_rounds as u64 {
                    let way = (random.below(200) == 0).then(|| random.below(5));
                    // One after the other, so that all threads look for results, and sometimes a crowd of them.
                    let n_calls = if random.below(20) == 0 { 30 } else { 1 };
                    let crowd: Vec<_> = (0..n_calls)
                        .map(|n| pool.submit(triple::task(round + n)))
                        .collect();
                    let mortal = outcome(pool.submit(triple_or_die::task(round, way)));
                    match mortal {
                        Ok(value) => assert_eq!((value, way), (round * 3, None)),
                        Err(Error::WorkerDied(_)) if way.is_some() => {
                            *n_deaths.lock().unwrap() += 1;
                        }
                        Err(error) => panic!("{way:?}: {error}"),
                    }
                    for (n, future) in (0..).zip(crowd) {
                        assert_eq!(outcome(future).unwrap(), (round + n) * 3);
                    }
                }
            });
        }
    });
    let stats = pool.stats();
    let n_deaths: u64 = n_deaths.into_inner().unwrap();
    assert_eq!(stats.failed, n_deaths);
    println!(
        "16 threads: {} calls, {n_deaths} deaths",
        stats.completed + stats.failed
    );
}
