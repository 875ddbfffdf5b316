//! Huge arguments and huge results at once, from several threads, and workers that die in the middle: nothing blocks for ever.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use cf_core::Error;
use cf_pool::{ProcessPoolExecutor, task};
use rustix::process::{Signal, getpid, kill_process};

use crate::{LONG, deaths, how_many, outcome, random::Random};

const MIB: usize = 1 << 20;

/// Where all arguments are cut out of, so that results can be compared.
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut random = Random::new(3);
    let mut bytes = Vec::with_capacity(8 * MIB);
    while bytes.len() < bytes.capacity() {
        bytes.extend_from_slice(&random.next().to_le_bytes());
    }
    bytes
});

/// Gives back what it is given, but for the first byte.
#[task]
fn echo(bytes: Vec<u8>) -> Vec<u8> {
    let mut bytes = bytes;
    if let Some(first) = bytes.first_mut() {
        *first = first.wrapping_add(1);
    }
    bytes
}

/// The same, if it does not die over it.
#[task]
fn echo_or_die(bytes: Vec<u8>, way: Option<usize>) -> Vec<u8> {
    way.into_iter().for_each(deaths::die);
    echo(bytes)
}

/// The same, and soon after that its worker dies, whatever it does then.
#[task]
fn echo_and_die_soon(bytes: Vec<u8>, micros: u64) -> Vec<u8> {
    thread::spawn(move || {
        // time: the random moment at which the worker dies
        thread::sleep(Duration::from_micros(micros));
        kill_process(getpid(), Signal::KILL).unwrap();
    });
    echo(bytes)
}

fn cut(random: &mut Random, n_bytes: usize) -> &'static [u8] {
    let start = random.below(BYTES.len() - n_bytes);
    &BYTES[start..start + n_bytes]
}

fn assert_echo(sent: &[u8], came: &[u8]) {
    assert_eq!(came.len(), sent.len());
    if let (Some(sent_first), Some(came_first)) = (sent.first(), came.first()) {
        assert_eq!(*came_first, sent_first.wrapping_add(1));
        assert!(came[1..] == sent[1..], "other bytes came back");
    }
}

#[test]
fn huge_arguments_and_huge_results_from_many_threads() {
    let n_calls = how_many(4, 8, 40);
    let pool = ProcessPoolExecutor::new(2).unwrap();
    thread::scope(|scope| {
        for seed in 0..4 {
            let pool = &pool;
            scope.spawn(move || {
                let mut random = Random::new(10 + seed);
                let sent: Vec<_> = (0..n_calls)
                    .map(|_| {
                        let n_bytes = 3 * MIB + random.below(MIB);
                        cut(&mut random, n_bytes)
                    })
                    .collect();
                let futures: Vec<_> = sent
                    .iter()
                    .map(|bytes| pool.submit(echo::task(bytes.to_vec())))
                    .collect();
                for (sent, future) in sent.iter().zip(futures) {
                    assert_echo(sent, &outcome(future).unwrap());
                }
            });
        }
    });
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.failed), (4 * n_calls as u64, 0));
    println!(
        "full pipe: {} calls with 3 to 4 MiB each way, from 4 threads",
        stats.completed
    );
}

#[test]
fn huge_chunks_with_deaths_in_the_middle() {
    let n_items = how_many(32, 64, 256);
    let pool = ProcessPoolExecutor::new(2).unwrap();
    let n_deaths = AtomicUsize::new(0);
    thread::scope(|scope| {
        for seed in 0..2 {
            let (pool, n_deaths) = (&pool, &n_deaths);
            scope.spawn(move || {
                let mut random = Random::new(20 + seed);
                // One item in a chunk of eight dies, in the first, in a middle and in the last place.
                let items: Vec<_> = (0..n_items)
                    .map(|index| {
                        let dies = index % 8 == [0, 3, 7, 5][index / 8 % 4];
                        (cut(&mut random, 2 * MIB), dies.then_some(index / 8 % 5))
                    })
                    .collect();
                let call = |(bytes, way): (&'static [u8], Option<usize>)| {
                    echo_or_die::task(bytes.to_vec(), way)
                };
                let outcomes = pool.map(call, items.clone()).chunk_size(8).timeout(LONG);
                let mut n_outcomes = 0;
                for ((sent, way), outcome) in items.into_iter().zip(outcomes) {
                    n_outcomes += 1;
                    match outcome {
                        Ok(came) if way.is_none() => assert_echo(sent, &came),
                        Err(Error::WorkerDied(_)) if way.is_some() => {
                            n_deaths.fetch_add(1, Ordering::SeqCst);
                        }
                        outcome => panic!("{way:?}: {:?}", outcome.map(|bytes| bytes.len())),
                    }
                }
                assert_eq!(n_outcomes, n_items);
            });
        }
    });
    let n_deaths = n_deaths.into_inner();
    assert_eq!(n_deaths, 2 * n_items / 8);
    println!("full pipe: 2 x {n_items} items of 2 MiB in chunks of 8, {n_deaths} of them die");
}

/// Of all sizes: what fits into the pipe many times, about once, and not at all.
fn n_bytes(random: &mut Random) -> usize {
    match random.below(4) {
        0 => random.below(100),
        1 => random.below(MIB / 4),
        2 => MIB - 200 + random.below(400),
        _ => random.below(3 * MIB),
    }
}

#[test]
fn workers_that_die_at_any_moment_of_a_transfer() {
    let n_calls = how_many(30, 80, 1_000);
    let pool = ProcessPoolExecutor::new(2).unwrap();
    let counts = [const { AtomicUsize::new(0) }; 2];
    thread::scope(|scope| {
        for seed in 0..4 {
            let (pool, counts) = (&pool, &counts);
            scope.spawn(move || {
                let mut random = Random::new(30 + seed);
                let calls: Vec<_> = (0..n_calls)
                    .map(|index| {
                        let n_bytes = n_bytes(&mut random);
                        let sent = cut(&mut random, n_bytes);
                        let call = if index % 10 == 5 {
                            echo_and_die_soon::task(sent.to_vec(), random.below(4_000) as u64)
                        } else {
                            echo::task(sent.to_vec())
                        };
                        // Half of them are tried again until they answer.
                        let is_stubborn = index % 2 == 0;
                        let call = if is_stubborn {
                            call.retries(1_000)
                        } else {
                            call
                        };
                        (sent, is_stubborn, pool.submit(call))
                    })
                    .collect();
                for (sent, is_stubborn, future) in calls {
                    match outcome(future) {
                        Ok(came) => {
                            assert_echo(sent, &came);
                            counts[0].fetch_add(1, Ordering::SeqCst);
                        }
                        Err(Error::WorkerDied(_)) if !is_stubborn => {
                            counts[1].fetch_add(1, Ordering::SeqCst);
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    let [n_right, n_dead] = counts.map(AtomicUsize::into_inner);
    assert_eq!(n_right + n_dead, 4 * n_calls);
    let stats = pool.stats();
    println!(
        "full pipe: 4 x {n_calls} calls of 0 to 3 MiB: {n_right} right, {n_dead} lost their worker, {} workers restarted",
        stats.restarts
    );
    assert_eq!(outcome(pool.submit(echo::task(vec![7]))).unwrap(), [8]);
    assert!(stats.restarts > 0, "no worker died, so nothing was drilled");
}
