//! A queue with a bound: who waits, who is refused, and that nobody is forgotten.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    thread,
};

use cf_core::{ClosureExecutor, Error, Executor, Reason};
use cf_pool::{Shutdown, ThreadPoolExecutor};

use crate::gate::{Gate, LONG, OpenAtEnd, ends};

fn bounded(n_workers: usize, capacity: usize) -> ThreadPoolExecutor {
    ThreadPoolExecutor::builder()
        .max_workers(n_workers)
        .queue_capacity(capacity)
        .build()
        .unwrap()
}

/// A pool of one whose worker is at the gate and whose queue has room for `capacity`.
fn occupied(capacity: usize) -> (ThreadPoolExecutor, Gate) {
    let pool = bounded(1, capacity);
    let (gate, running) = (Gate::new(), Gate::new());
    let (its_gate, its_running) = (gate.clone(), running.clone());
    drop(pool.submit(move || {
        its_running.open();
        its_gate.pass();
    }));
    running.pass();
    (pool, gate)
}

#[test]
fn try_submit_to_a_full_queue_gives_the_callable_back() {
    let (pool, gate) = occupied(2);
    let queued = [0, 1].map(|n| pool.try_submit(move || n).unwrap());
    let rejected = pool.try_submit(|| 7).unwrap_err();
    assert!(matches!(rejected.reason, Reason::Full));
    gate.open();
    assert_eq!((rejected.callable)(), 7);
    assert_eq!(queued.map(|it| it.result().unwrap()), [0, 1]);
}

#[test]
fn submit_waits_for_room() {
    let (pool, gate) = occupied(1);
    let queued = pool.submit(|| 1);
    let submitter = {
        let pool = pool.clone();
        thread::spawn(move || pool.submit(|| 2))
    };
    assert!(matches!(
        pool.try_submit(|| 3).unwrap_err().reason,
        Reason::Full
    ));
    gate.open();
    assert_eq!(queued.result().unwrap(), 1);
    assert_eq!(submitter.join().unwrap().result().unwrap(), 2);
}

#[test]
fn submit_now_goes_past_the_bound() {
    let (pool, gate) = occupied(1);
    let futures: Vec<_> = (0..10).map(|n| pool.submit_now(move || n)).collect();
    assert_eq!(pool.stats().queued, 10);
    gate.open();
    let values: Vec<_> = futures.into_iter().map(|it| it.result().unwrap()).collect();
    assert_eq!(values, (0..10).collect::<Vec<_>>());
}

#[test]
fn there_is_room_until_the_queue_is_full_and_again_after_a_start() {
    let (pool, gate) = occupied(1);
    assert!(pool.spawn_room().is_none());
    drop(pool.submit(|| ()));
    let mut room = pool.spawn_room().unwrap();
    assert!(room.try_result().is_none());
    gate.open();
    room.result_timeout(LONG).unwrap().unwrap();
}

#[test]
fn a_cancelled_task_makes_room() {
    let (pool, gate) = occupied(1);
    let queued = pool.submit(|| 1);
    let mut room = pool.spawn_room().unwrap();
    assert!(queued.cancel());
    room.result_timeout(LONG).unwrap().unwrap();
    let next = pool.try_submit(|| 2).unwrap();
    gate.open();
    assert_eq!(next.result().unwrap(), 2);
}

#[test]
fn a_room_that_nobody_waits_for_any_more_does_not_swallow_the_news() {
    let (pool, gate) = occupied(1);
    let queued = pool.submit(|| 1);
    let abandoned = pool.spawn_room().unwrap();
    let mut room = pool.spawn_room().unwrap();
    drop(abandoned);
    gate.open();
    queued.wait();
    assert!(
        room.result_timeout(std::time::Duration::from_secs(5))
            .is_ok()
    );
}

#[test]
fn who_gave_up_waiting_for_room_takes_no_call_from_who_still_waits() {
    let (pool, gate) = occupied(2);
    let _at_end = OpenAtEnd(gate);
    let queued = [0, 1].map(|n| pool.submit(move || n));
    let abandoned = [(); 5].map(|()| pool.spawn_room().unwrap());
    let mut waiting = [(); 2].map(|()| pool.spawn_room().unwrap());
    assert!(abandoned.iter().all(cf_core::Future::cancel));
    // The other task stays in the queue, so there is one place and one call.
    assert!(queued[0].cancel());
    assert!(waiting[0].try_result().is_some());
    assert!(waiting[1].try_result().is_none());
}

#[test]
fn who_waits_among_many_that_gave_up_is_told_in_its_turn() {
    let (pool, gate) = occupied(2);
    let _at_end = OpenAtEnd(gate);
    let queued = [0, 1].map(|n| pool.submit(move || n));
    let mut waiting = Vec::new();
    for n in 0..10_000 {
        let room = pool.spawn_room().unwrap();
        if n % 100 == 99 {
            waiting.push(room);
        } else {
            assert!(room.cancel());
        }
    }
    assert!(queued[0].cancel());
    let told: Vec<_> = waiting.iter().map(cf_core::Future::done).collect();
    assert!(told[0] && !told[1..].contains(&true));
    // The queue is empty, and all are told.
    assert!(queued[1].cancel());
    assert!(waiting.iter().all(cf_core::Future::done));
}

#[test]
fn a_worker_that_submits_to_its_own_full_queue_does_not_wait() {
    ends(|| {
        let pool = bounded(1, 1);
        let inner = pool.clone();
        let outer = pool.submit(move || {
            (0..100)
                .map(|n| inner.submit(move || n))
                .collect::<Vec<_>>()
        });
        let futures = outer.result().unwrap();
        let values: Vec<_> = futures.into_iter().map(|it| it.result().unwrap()).collect();
        assert_eq!(values, (0..100).collect::<Vec<_>>());
    });
}

#[test]
fn two_pools_whose_tasks_submit_to_each_other_do_not_block() {
    ends(|| {
        let (left, right) = (bounded(1, 1), bounded(1, 1));
        let ping = |here: &ThreadPoolExecutor, there: &ThreadPoolExecutor| {
            let there = there.clone();
            here.submit(move || {
                (0..50)
                    .map(|n| there.submit(move || n).result().unwrap())
                    .sum::<u32>()
            })
        };
        let (a, b) = (ping(&left, &right), ping(&right, &left));
        assert_eq!(a.result().unwrap() + b.result().unwrap(), 2 * 1225);
    });
}

#[test]
fn eight_producers_never_exceed_the_capacity() {
    ends(|| {
        const CAPACITY: i64 = 4;
        const N_WORKERS: i64 = 2;
        let pool = bounded(2, 4);
        // Up after the queue has taken a task and down when it runs, so never ahead of the queue, and behind it by those
        // that a worker is about to run.
        let n_waiting = Arc::new(AtomicI64::new(0));
        let producers: Vec<_> = (0..8)
            .map(|_| {
                let (pool, n_waiting) = (pool.clone(), Arc::clone(&n_waiting));
                thread::spawn(move || {
                    for _ in 0..500 {
                        let its = Arc::clone(&n_waiting);
                        drop(pool.submit(move || its.fetch_sub(1, Ordering::SeqCst)));
                        let n = n_waiting.fetch_add(1, Ordering::SeqCst) + 1;
                        assert!(n <= CAPACITY + N_WORKERS, "{n}");
                    }
                })
            })
            .collect();
        for producer in producers {
            producer.join().unwrap();
        }
        pool.shutdown();
        assert_eq!(pool.stats().completed, 4000);
    });
}

#[test]
fn with_all_workers_busy_exactly_the_capacity_is_accepted() {
    let (pool, gate) = occupied(5);
    let accepted = Arc::new(AtomicUsize::new(0));
    let producers: Vec<_> = (0..8)
        .map(|_| {
            let (pool, accepted) = (pool.clone(), Arc::clone(&accepted));
            thread::spawn(move || {
                for _ in 0..50 {
                    if pool.try_submit(|| ()).is_ok() {
                        accepted.fetch_add(1, Ordering::SeqCst);
                    }
                }
            })
        })
        .collect();
    for producer in producers {
        producer.join().unwrap();
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 5);
    assert_eq!(pool.stats().queued, 5);
    gate.open();
}

#[test]
fn a_submission_that_waits_for_room_is_refused_by_a_shutdown() {
    ends(|| {
        let (pool, gate) = occupied(1);
        drop(pool.submit(|| ()));
        let mut room = pool.spawn_room().unwrap();
        let submitters: Vec<_> = (0..4)
            .map(|_| {
                let pool = pool.clone();
                thread::spawn(move || pool.submit(|| 7).result())
            })
            .collect();
        pool.shutdown_with(Shutdown {
            wait: false,
            cancel_futures: false,
        });
        assert!(room.result_timeout(LONG).is_ok());
        for submitter in submitters {
            assert!(matches!(
                submitter.join().unwrap(),
                Err(Error::Rejected(Reason::Shutdown))
            ));
        }
        gate.open();
    });
}

#[test]
fn tasks_of_a_bounded_queue_start_in_submission_order() {
    let (pool, gate) = occupied(100);
    let order = Arc::new(Mutex::new(Vec::new()));
    for n in 0..100 {
        let order = Arc::clone(&order);
        drop(pool.submit(move || order.lock().unwrap().push(n)));
    }
    gate.open();
    pool.shutdown();
    assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
}
