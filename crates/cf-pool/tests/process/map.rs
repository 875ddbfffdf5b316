//! `map` over worker processes: order, chunks with an outcome for each item, and what its settings do.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use cf_core::Error;
use cf_pool::{OnWorkerDeath::BreakPool, ProcessPoolExecutor, task};

use crate::{
    door::{Door, knock, visit},
    gate::ends,
    value::{Does, Unruly, double, pid},
    way::{Way, die_of},
};

fn pool(n_workers: usize) -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(n_workers).unwrap()
}

#[task]
fn half(n: u32) -> Result<u32, String> {
    assert!(n != 13, "unlucky");
    if n.is_multiple_of(2) {
        Ok(n / 2)
    } else {
        Err(format!("{n} is odd"))
    }
}

// P30
#[test]
fn results_come_in_input_order_whatever_the_chunks() {
    ends(|| {
        let pool = pool(2);
        let expected: Vec<_> = (0..1000).map(|n| n * 2).collect();
        for chunk_size in [1, 2, 7, 64, 999, 1000, 5000] {
            let doubled = pool.map(double::task, 0..1000).chunk_size(chunk_size);
            let doubled: Result<Vec<_>, _> = doubled.collect();
            assert_eq!(doubled.unwrap(), expected, "{chunk_size}");
        }
        assert!(pool.map(double::task, []).chunk_size(3).next().is_none());
    });
}

// P30
#[test]
#[should_panic(expected = "chunk_size must be greater than 0")]
fn a_chunk_size_of_0_panics_at_the_call() {
    let _ = pool(1).map(double::task, 0..10).chunk_size(0);
}

// P30, P31: each item of a chunk has an outcome of its own.
#[test]
fn an_item_that_fails_costs_no_other_of_its_chunk() {
    ends(|| {
        let pool = pool(2);
        for chunk_size in [1, 3, 20] {
            let halves = pool.map(half::task, 0..20).chunk_size(chunk_size);
            for (n, outcome) in (0..20).zip(halves) {
                match outcome {
                    Ok(half) => assert_eq!(half * 2, n),
                    Err(Error::Panicked(panic)) => {
                        assert_eq!((panic.message(), n), ("unlucky", 13));
                    }
                    Err(error) => assert_eq!(error.to_string(), format!("{n} is odd")),
                }
            }
        }
    });
}

#[task]
fn carry(value: Unruly) -> u32 {
    value.end();
    7
}

#[test]
fn an_item_that_cannot_be_encoded_costs_no_other_of_its_chunk() {
    ends(|| {
        let does = [Does::Nothing, Does::Refuse, Does::Panic, Does::Nothing];
        for chunk_size in [1, 2, 4] {
            let carried = pool(1)
                .map(|does| carry::task(Unruly::when_encoded(does)), does)
                .chunk_size(chunk_size);
            let carried: Vec<_> = carried.map(Result::ok).collect();
            assert_eq!(carried, [Some(7), None, None, Some(7)], "{chunk_size}");
        }
    });
}

#[test]
fn an_item_that_kills_its_worker_costs_no_other_of_its_chunk() {
    ends(|| {
        let pool = pool(2);
        for way in Way::ALL {
            for chunk_size in [1, 4, 10, 100] {
                let survivors = pool
                    .map(move |n| die_of::task(17, way, n), 0..30)
                    .chunk_size(chunk_size);
                for (n, outcome) in (0..30).zip(survivors) {
                    match outcome {
                        Ok(survivor) => assert_eq!(survivor, n),
                        Err(error) => {
                            assert_eq!(n, 17);
                            way.assert_told(&error, die_of::TASK.name());
                        }
                    }
                }
            }
        }
    });
}

#[test]
fn every_item_of_a_chunk_may_kill_its_worker() {
    ends(|| {
        let pool = pool(1);
        let deaths = pool
            .map(|n| die_of::task(n, Way::Exit, n), 0..5)
            .chunk_size(5);
        let mut pids = BTreeSet::new();
        for outcome in deaths {
            let error = outcome.unwrap_err();
            Way::Exit.assert_told(&error, die_of::TASK.name());
            let Error::WorkerDied(died) = error else {
                unreachable!()
            };
            pids.insert(died.pid());
        }
        assert_eq!(pids.len(), 5);
    });
}

#[test]
fn a_chunk_travels_as_one_call() {
    ends(|| {
        let pool = pool(2);
        let pids = pool.map(|_: u32| pid::task(), 0..100).chunk_size(50);
        let pids: Vec<_> = pids.map(Result::unwrap).collect();
        assert_eq!(BTreeSet::from_iter(&pids[..50]).len(), 1);
        assert_eq!(BTreeSet::from_iter(&pids[50..]).len(), 1);
        let stats = pool.stats();
        assert_eq!((stats.completed, stats.queue_wait.count()), (100, 2));
    });
}

#[test]
fn a_buffer_takes_endless_input() {
    ends(|| {
        let pool = pool(2);
        let pulled = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&pulled);
        let input = (0..).inspect(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let mut doubled = pool.map(double::task, input).chunk_size(2).buffer_size(6);
        assert_eq!(pulled.load(Ordering::SeqCst), 0);
        for n in 0..100 {
            assert_eq!(doubled.next().unwrap().unwrap(), n * 2);
            assert!(pulled.load(Ordering::SeqCst) <= n + 6 + 1);
        }
    });
}

#[test]
fn a_timeout_ends_the_iteration_and_cancels_what_has_not_started() {
    ends(|| {
        let pool = pool(1);
        let door = Door::new();
        let address = door.address().to_owned();
        let mut visits = pool.map(move |n| visit::task(&address, n), 0..5).start();
        drop(door.guest());
        assert_eq!(visits.next().unwrap().unwrap(), 0);
        let guest = door.guest();
        let mut visits = visits.timeout(Duration::from_millis(5));
        assert!(matches!(visits.next(), Some(Err(Error::TimedOut(_)))));
        assert!(visits.next().is_none());
        assert_eq!(guest.name, 1);
        drop(guest);
        assert_eq!(pool.submit(double::task(1)).result().unwrap(), 2);
        assert!(door.is_deserted());
        assert_eq!(pool.stats().cancelled, 3);
    });
}

#[test]
fn dropping_a_started_map_cancels_what_has_not_started() {
    ends(|| {
        let pool = pool(1);
        let door = Door::new();
        let address = door.address().to_owned();
        let visits = pool
            .map(move |n| visit::task(&address, n), 0..6)
            .chunk_size(2)
            .start();
        let first = door.guest();
        drop(visits);
        drop(first);
        // The chunk that runs goes on.
        assert_eq!(door.guest().name, 1);
        assert_eq!(pool.submit(double::task(1)).result().unwrap(), 2);
        assert!(door.is_deserted());
    });
}

#[task]
fn linger_at(address: &str, n: u32) -> u32 {
    if n == 2 {
        knock(address, n);
    }
    n
}

#[test]
fn a_call_of_a_chunk_has_the_time_limit_of_its_own() {
    ends(|| {
        let pool = pool(1);
        let door = Door::new();
        let address = door.address().to_owned();
        // time: the limit must run out for the one that waits, after those before it have run
        let limit = Duration::from_millis(300);
        let visits = pool
            .map(move |n| linger_at::task(&address, n).timeout(limit), 0..5)
            .chunk_size(5);
        for (n, outcome) in (0..5).zip(visits) {
            match outcome {
                Ok(value) => assert_eq!(value, n),
                Err(Error::TimedOut(late)) => {
                    assert_eq!((n, late.limit()), (2, Some(limit)));
                    assert!(late.ran().unwrap() >= limit);
                }
                Err(error) => panic!("{n}: {error}"),
            }
        }
        door.guest().wait_for_its_end();
    });
}

#[test]
fn a_call_of_a_chunk_is_tried_again_if_it_may_be() {
    ends(|| {
        let pool = pool(1);
        let outcomes = pool
            .map(
                |n| die_of::task(2, Way::Exit, n).retries(if n == 2 { 2 } else { 0 }),
                0..5,
            )
            .chunk_size(5);
        let outcomes: Vec<_> = outcomes.map(Result::ok).collect();
        assert_eq!(outcomes, [Some(0), Some(1), None, Some(3), Some(4)]);
        // The first worker, one for each retry, and one for the rest.
        assert_eq!(pool.stats().restarts, 3);
    });
}

#[task]
fn die_after(address: &str, fatal: u32, n: u32) -> u32 {
    if n == 0 {
        knock(address, n);
    }
    if n == fatal {
        Way::Exit.go();
    }
    n
}

#[test]
fn a_pool_that_breaks_gives_each_item_that_it_took_an_outcome() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        let pool = builder.on_worker_death(BreakPool).build().unwrap();
        let door = Door::new();
        let address = door.address().to_owned();
        let outcomes = pool
            .map(move |n| die_after::task(&address, 2, n), 0..20)
            .chunk_size(4)
            .start();
        // By now it has taken all of them.
        drop(door.guest());
        let late = pool.submit(double::task(1)).result();
        assert!(matches!(late, Err(Error::BrokenExecutor(_))), "{late:?}");
        let outcomes: Vec<_> = outcomes.collect();
        assert_eq!(outcomes.len(), 20);
        for (n, outcome) in (0..).zip(outcomes) {
            match outcome {
                Ok(value) => assert_eq!((value, n < 2), (n, true)),
                Err(error) => {
                    assert!(n >= 2, "{n}: {error}");
                    assert!(matches!(error, Error::BrokenExecutor(_)), "{error:?}");
                }
            }
        }
        // What it does not take is one error.
        let mut refused = pool.map(double::task, 0..20).chunk_size(4);
        assert!(matches!(
            refused.next(),
            Some(Err(Error::BrokenExecutor(_)))
        ));
        assert!(refused.next().is_none());
    });
}
