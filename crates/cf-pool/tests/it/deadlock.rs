//! Waiting inside a worker never hangs the pool: it runs what it waits for, or is replaced, or is told of the circle.

use std::{
    panic,
    sync::{Arc, Barrier, mpsc},
    time::Duration,
};

use cf_core::{
    Error, Future, Promise, ReturnWhen, SharedFuture, as_completed, as_completed_timeout, fallible,
    gather, wait, wait_timeout,
};
use cf_pool::ThreadPoolExecutor;

use crate::gate::{LONG, ends};

type Outcome = Result<u32, Error>;

/// Is given its own number and a handle on every task.
type Waiting = fn(usize, &[SharedFuture<u32>]) -> Outcome;

/// Submits as many tasks as there are closures; each gets handles on all of them once all are submitted.
fn submit_all<const N: usize>(pool: &ThreadPoolExecutor, tasks: [Waiting; N]) -> [Outcome; N] {
    let mut senders = Vec::new();
    let mut index = 0;
    let futures = tasks.map(|task| {
        let (sender, receiver) = mpsc::channel::<Vec<SharedFuture<u32>>>();
        senders.push(sender);
        let me = index;
        index += 1;
        pool.submit(fallible(move || task(me, &receiver.recv().unwrap())))
            .shared()
    });
    for sender in senders {
        sender.send(futures.to_vec()).unwrap();
    }
    futures.map(|future| future.result_timeout(LONG).expect("it hangs"))
}

fn is_deadlock(outcome: &Outcome) -> bool {
    matches!(outcome, Err(Error::Deadlock(_)))
}

/// What a call without a `Result` unwinds with.
fn caught<R>(f: impl FnOnce() -> R) -> Result<R, Error> {
    panic::catch_unwind(panic::AssertUnwindSafe(f))
        .map_err(|payload| *payload.downcast::<Error>().unwrap())
}

// T18: the first deadlock example of Python's documentation
#[test]
fn two_tasks_that_wait_for_each_other_both_end_with_an_error() {
    for n_workers in [1, 2, 4] {
        let pool = ThreadPoolExecutor::new(n_workers).unwrap();
        let wait_for_other: Waiting = |me, all| all[1 - me].result();
        let outcomes = submit_all(&pool, [wait_for_other; 2]);
        assert!(
            outcomes.iter().all(is_deadlock),
            "{n_workers}: {outcomes:?}"
        );
        assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
    }
}

// T17: the second deadlock example of Python's documentation
#[test]
fn a_task_that_waits_for_another_on_a_pool_of_one_gets_its_value() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let inner = pool.clone();
        let outer = pool.submit(move || inner.submit(|| 5_u32.pow(2)).result().unwrap());
        assert_eq!(outer.result().unwrap(), 25);
    });
}

// T18
#[test]
fn the_error_names_the_tasks() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let outcomes = submit_all(&pool, [|_, all| all[1].result(), |_, all| all[0].result()]);
    let Err(Error::Deadlock(deadlock)) = &outcomes[0] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(deadlock.tasks().len(), 2);
    assert!(deadlock.tasks()[0].contains("deadlock::submit_all"));
}

// T18
#[test]
fn three_tasks_in_a_circle_end() {
    for n_workers in [1, 2, 3, 8] {
        let pool = ThreadPoolExecutor::new(n_workers).unwrap();
        let wait_for_next: Waiting = |me, all| all[(me + 1) % 3].result();
        let outcomes = submit_all(&pool, [wait_for_next; 3]);
        assert!(
            outcomes.iter().all(is_deadlock),
            "{n_workers}: {outcomes:?}"
        );
    }
}

#[test]
fn a_task_that_waits_for_itself_is_told() {
    for n_workers in [1, 2] {
        let pool = ThreadPoolExecutor::new(n_workers).unwrap();
        let [outcome] = submit_all(&pool, [|_, all| all[0].result()]);
        assert!(is_deadlock(&outcome));
    }
}

#[test]
fn only_the_wait_that_closes_the_circle_fails_if_that_frees_the_others() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let or_seven: Waiting = |me, all| Ok(all[1 - me].result().unwrap_or(7));
    let outcomes = submit_all(&pool, [or_seven; 2]);
    assert_eq!(outcomes.map(Result::unwrap), [7, 7]);
}

#[test]
fn a_circle_through_two_pools_is_found() {
    let pools = [0, 1].map(|_| ThreadPoolExecutor::new(1).unwrap());
    let mut senders = Vec::new();
    let futures = [0, 1].map(|me: usize| {
        let (sender, receiver) = mpsc::channel::<SharedFuture<u32>>();
        senders.push(sender);
        pools[me]
            .submit(fallible(move || receiver.recv().unwrap().result()))
            .shared()
    });
    senders[0].send(futures[1].clone()).unwrap();
    senders[1].send(futures[0].clone()).unwrap();
    for future in futures {
        assert!(is_deadlock(&future.result_timeout(LONG).expect("it hangs")));
    }
}

#[test]
fn a_circle_through_a_derived_future_is_found() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    // Handles go out first, so that each side can build on the other's.
    let (to_a, at_a) = mpsc::channel::<SharedFuture<u32>>();
    let (to_b, at_b) = mpsc::channel::<Future<u32>>();
    let a = pool.submit(fallible(move || at_a.recv().unwrap().result()));
    let b = pool
        .submit(fallible(move || at_b.recv().unwrap().result()))
        .shared();
    let inner = pool.clone();
    to_b.send(a.map(|n| n + 1).and_then(move |n| inner.submit(move || n)))
        .unwrap();
    to_a.send(b.clone()).unwrap();
    assert!(is_deadlock(&b.result_timeout(LONG).expect("it hangs")));
}

#[test]
fn a_circle_through_a_gathered_future_is_found() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let (to_a, at_a) = mpsc::channel::<SharedFuture<u32>>();
    let (to_b, at_b) = mpsc::channel::<Future<Vec<u32>>>();
    let a = pool.submit(fallible(move || at_a.recv().unwrap().result()));
    let b = pool
        .submit(fallible(move || {
            at_b.recv().unwrap().result().map(|all| all.iter().sum())
        }))
        .shared();
    to_b.send(gather([a, pool.submit(|| 7)])).unwrap();
    to_a.send(b.clone()).unwrap();
    assert!(is_deadlock(&b.result_timeout(LONG).expect("it hangs")));
}

#[test]
fn waiting_for_all_is_stuck_when_any_member_is() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let (promise, pending) = Promise::<u32>::new();
    let pending = pending.shared();
    let (sender, receiver) = mpsc::channel::<SharedFuture<u32>>();
    let its_pending = pending.clone();
    let task = pool
        .submit(move || {
            let own = receiver.recv().unwrap();
            caught(|| wait([own, its_pending], ReturnWhen::AllCompleted)).err()
        })
        .map(|error| u32::from(matches!(error, Some(Error::Deadlock(_)))))
        .shared();
    sender.send(task.clone()).unwrap();
    assert_eq!(task.result_timeout(LONG).expect("it hangs").unwrap(), 1);
    drop(promise);
}

#[test]
fn waiting_for_the_first_is_not_stuck_while_one_can_end() {
    for when in [ReturnWhen::FirstCompleted, ReturnWhen::FirstException] {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let (promise, pending) = Promise::<u32>::new();
        let (sender, receiver) = mpsc::channel::<SharedFuture<u32>>();
        let waits = Arc::new(Barrier::new(2));
        let its_waits = Arc::clone(&waits);
        let task = pool
            .submit(move || {
                let own = receiver.recv().unwrap();
                its_waits.wait();
                u32::try_from(wait([own, pending.shared()], when).done.len()).unwrap()
            })
            .shared();
        sender.send(task.clone()).unwrap();
        waits.wait();
        assert!(!task.wait_timeout(Duration::from_millis(30)));
        // A failure, so that it counts for both.
        drop(promise);
        assert_eq!(task.result_timeout(LONG).expect("it hangs").unwrap(), 1);
    }
}

#[test]
fn waiting_for_the_first_is_stuck_when_all_members_are() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let both: Waiting = |_, all| caught(|| wait(all, ReturnWhen::FirstCompleted)).map(|_| 7);
    let outcomes = submit_all(&pool, [both; 2]);
    assert!(outcomes.iter().any(is_deadlock), "{outcomes:?}");
}

#[test]
fn as_completed_is_stuck_when_all_that_remain_are() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let (sender, receiver) = mpsc::channel::<SharedFuture<u32>>();
    let inner = pool.clone();
    let task = pool
        .submit(fallible(move || {
            let own = receiver.recv().unwrap();
            let mut in_order = as_completed([own, inner.submit(|| 7).shared()]);
            assert_eq!(in_order.next().unwrap().result().unwrap(), 7);
            caught(|| drop(in_order.next())).map(|()| 0)
        }))
        .shared();
    sender.send(task.clone()).unwrap();
    assert!(is_deadlock(&task.result_timeout(LONG).expect("it hangs")));
}

#[test]
fn an_uncaught_deadlock_of_a_wait_is_stored_as_itself() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let [outcome] = submit_all(
        &pool,
        [|_, all| {
            all[0].wait();
            Ok(0)
        }],
    );
    assert!(is_deadlock(&outcome));
}

#[test]
fn a_timed_wait_closes_no_circle() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let outcomes = submit_all(
        &pool,
        [
            |_, all| match all[1].result_timeout(Duration::from_millis(20)) {
                Err(_) => Ok(1),
                Ok(outcome) => outcome,
            },
            |_, all| all[0].result().map(|n| n + 1),
        ],
    );
    assert_eq!(outcomes.map(Result::unwrap), [1, 2]);
}

#[test]
fn timed_waits_for_a_set_close_no_circle() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let [outcome] = submit_all(
        &pool,
        [|_, all| {
            let timeout = Duration::from_millis(5);
            let sets = wait_timeout(all, timeout, ReturnWhen::AllCompleted);
            let n_left = as_completed_timeout(all, timeout)
                .filter(Result::is_err)
                .count();
            Ok(u32::try_from(sets.not_done.len() + n_left).unwrap())
        }],
    );
    assert_eq!(outcome.unwrap(), 2);
}

#[test]
fn a_wait_for_a_bare_promise_is_never_stuck() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (promise, future) = Promise::new();
    let waits = Arc::new(Barrier::new(2));
    let its_waits = Arc::clone(&waits);
    let task = pool.submit(fallible(move || {
        its_waits.wait();
        future.result()
    }));
    waits.wait();
    assert!(!task.wait_timeout(Duration::from_millis(30)));
    promise.set_result(7).unwrap();
    assert_eq!(task.result().unwrap(), 7);
}

// T17
#[test]
fn a_worker_that_blocks_is_replaced() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let (promise, future) = Promise::new();
        let waits = Arc::new(Barrier::new(2));
        let its_waits = Arc::clone(&waits);
        let blocked = pool.submit(fallible(move || {
            its_waits.wait();
            future.result()
        }));
        waits.wait();
        // Whether it is queued before or after the worker blocks.
        drop(pool.submit(move || promise.set_result(7)));
        assert_eq!(blocked.result().unwrap(), 7);
    });
}

// T17
#[test]
fn every_kind_of_wait_on_a_pool_of_one_ends() {
    type Wait = fn(&ThreadPoolExecutor) -> u32;
    let waits: [(&str, Wait); 9] = [
        ("result", |pool| pool.submit(|| 7).result().unwrap()),
        ("wait", |pool| {
            let future = pool.submit(|| 7);
            future.wait();
            future.result().unwrap()
        }),
        ("timed", |pool| {
            pool.submit(|| 7).result_timeout(LONG).unwrap().unwrap()
        }),
        ("all", |pool| {
            let sets = wait([pool.submit(|| 7)], ReturnWhen::AllCompleted);
            sets.done.into_iter().map(|it| it.result().unwrap()).sum()
        }),
        ("first", |pool| {
            let sets = wait([pool.submit(|| 7)], ReturnWhen::FirstCompleted);
            sets.done.into_iter().map(|it| it.result().unwrap()).sum()
        }),
        ("as_completed", |pool| {
            as_completed([pool.submit(|| 3), pool.submit(|| 4)])
                .map(|it| it.result().unwrap())
                .sum()
        }),
        ("gather", |pool| {
            gather([pool.submit(|| 3), pool.submit(|| 4)])
                .result()
                .unwrap()
                .iter()
                .sum()
        }),
        ("derived", |pool| {
            let inner = pool.clone();
            pool.submit(|| 3)
                .and_then(move |n| inner.submit(move || n + 4))
                .result()
                .unwrap()
        }),
        ("shared", |pool| {
            pool.submit(|| 7).shared().result().unwrap()
        }),
    ];
    for (kind, wait) in waits {
        let value = ends(move || {
            let pool = ThreadPoolExecutor::new(1).unwrap();
            let inner = pool.clone();
            pool.submit(move || wait(&inner)).result().unwrap()
        });
        assert_eq!(value, 7, "{kind}");
    }
}

#[test]
fn without_compensation_untimed_waits_still_end() {
    ends(|| {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(1)
            .compensate(0)
            .build()
            .unwrap();
        let inner = pool.clone();
        let outer = pool.submit(move || {
            let futures: Vec<_> = (0..10).map(|n| inner.submit(move || n)).collect();
            as_completed(futures)
                .map(|it| it.result().unwrap())
                .sum::<u32>()
        });
        assert_eq!(outer.result().unwrap(), 45);
        assert_eq!(pool.stats().threads, 1);
    });
}

#[test]
fn without_compensation_a_timed_wait_ends_by_its_time() {
    let pool = ThreadPoolExecutor::builder()
        .max_workers(1)
        .compensate(0)
        .build()
        .unwrap();
    let inner = pool.clone();
    let outer = pool.submit(move || {
        inner
            .submit(|| 7)
            .result_timeout(Duration::from_millis(5))
            .is_err()
    });
    assert!(outer.result().unwrap());
}

#[test]
fn no_more_threads_stand_in_than_allowed() {
    ends(|| {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(2)
            .compensate(3)
            .build()
            .unwrap();
        let (promise, future) = Promise::<u32>::new();
        let future = future.shared();
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let future = future.clone();
                pool.submit(fallible(move || future.result()))
            })
            .collect();
        while pool.stats().running < 5 {
            assert!(pool.stats().threads <= 5);
            std::thread::yield_now();
        }
        assert_eq!((pool.stats().threads, pool.stats().queued), (5, 15));
        promise.set_result(7).unwrap();
        assert!(tasks.into_iter().all(|it| it.result().unwrap() == 7));
    });
}

#[test]
fn only_the_awaited_task_is_run_on_top() {
    ends(|| {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(1)
            .compensate(0)
            .build()
            .unwrap();
        let inner = pool.clone();
        let (sender, receiver) = mpsc::channel();
        let outer = pool.submit(move || {
            let to = |name: &'static str| {
                let sender = sender.clone();
                move || sender.send(name).unwrap()
            };
            let (first, second) = (inner.submit(to("first")), inner.submit(to("second")));
            second.result().unwrap();
            sender.send("outer").unwrap();
            drop(sender);
            first
        });
        outer.result().unwrap().result().unwrap();
        assert_eq!(
            receiver.iter().collect::<Vec<_>>(),
            ["second", "outer", "first"]
        );
    });
}
