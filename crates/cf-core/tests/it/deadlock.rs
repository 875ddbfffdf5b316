//! Circles of tasks on plain threads: the wait that closes one fails, and no other wait does.

use std::{
    sync::{Arc, Barrier, mpsc},
    thread,
    time::Duration,
};

use cf_core::{
    ClosureExecutor, Error, Future, InlineExecutor, Promise, ReturnWhen, SharedFuture,
    as_completed, fallible, gather, wait, wait_timeout,
};

use crate::{
    gate::{LONG, caught, ends},
    threads::OnThreads,
};

type Outcome = Result<u32, Error>;
type Shared = SharedFuture<u32>;

/// Starts a thread for each closure; each gets its place, and handles on all of them once all are there.
fn run_all<const N: usize>(tasks: [fn(usize, &[Shared]) -> Outcome; N]) -> [Outcome; N] {
    let mut senders = Vec::new();
    let mut place = 0;
    let futures = tasks.map(|task| {
        let (sender, receiver) = mpsc::channel::<Vec<Shared>>();
        senders.push(sender);
        let me = place;
        place += 1;
        OnThreads
            .spawn(fallible(move || task(me, &receiver.recv().unwrap())))
            .shared()
    });
    for sender in senders {
        sender.send(futures.to_vec()).unwrap();
    }
    futures.map(|it| it.result_timeout(LONG).expect("it hangs"))
}

fn is_deadlock(outcome: &Outcome) -> bool {
    matches!(outcome, Err(Error::Deadlock(_)))
}

fn of_all<R>(f: impl FnOnce() -> R) -> Outcome {
    caught(f).map(|_| 7)
}

#[test]
fn a_task_that_waits_for_itself_is_told() {
    let [outcome] = run_all([|me, all| all[me].result()]);
    assert!(is_deadlock(&outcome));
}

#[test]
fn in_a_circle_of_any_length_all_end_with_an_error() {
    let next: fn(usize, &[Shared]) -> Outcome = |me, all| all[(me + 1) % all.len()].result();
    assert!(run_all([next; 2]).iter().all(is_deadlock));
    assert!(run_all([next; 3]).iter().all(is_deadlock));
    assert!(run_all([next; 8]).iter().all(is_deadlock));
}

#[test]
fn only_the_wait_that_closes_the_circle_fails_if_that_frees_the_others() {
    for _ in 0..50 {
        let or_seven: fn(usize, &[Shared]) -> Outcome =
            |me, all| Ok(all[(me + 1) % 3].result().unwrap_or(7));
        assert_eq!(run_all([or_seven; 3]).map(Result::unwrap), [7; 3]);
    }
}

#[test]
fn the_error_names_the_tasks_of_the_circle() {
    let outcomes = run_all([|_, all| all[1].result(), |_, all| all[0].result()]);
    let Err(Error::Deadlock(deadlock)) = &outcomes[0] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(deadlock.tasks().len(), 2);
    assert!(deadlock.tasks()[0].contains("deadlock::run_all"));
    assert!(
        deadlock
            .to_string()
            .starts_with("deadlock: tasks that wait for each other: ")
    );
}

#[test]
fn one_that_waits_for_a_circle_is_not_named() {
    let outcomes = run_all([
        |_, all| all[1].result(),
        |_, all| all[0].result(),
        |_, all| all[0].result(),
    ]);
    for outcome in &outcomes {
        let Err(Error::Deadlock(deadlock)) = outcome else {
            panic!("{outcomes:?}")
        };
        assert!(deadlock.tasks().len() <= 3);
    }
}

#[test]
fn a_circle_through_an_inline_task_on_top_of_another_is_found() {
    let through: fn(usize, &[Shared]) -> Outcome = |me, all| {
        let other = all[1 - me].clone();
        InlineExecutor
            .spawn(fallible(move || other.result()))
            .result()
    };
    let outcomes = run_all([through; 2]);
    assert!(outcomes.iter().all(is_deadlock), "{outcomes:?}");
}

#[test]
fn an_inline_task_that_waits_for_the_one_below_it_is_told() {
    let [outcome] = run_all([|me, all| {
        let own = all[me].clone();
        InlineExecutor
            .spawn(fallible(move || own.result()))
            .result()
    }]);
    assert!(is_deadlock(&outcome));
}

#[test]
fn a_circle_through_derived_and_gathered_futures_is_found() {
    ends(|| {
        let (to_a, at_a) = mpsc::channel::<Shared>();
        let (to_b, at_b) = mpsc::channel::<Future<Vec<u32>>>();
        let a = OnThreads.spawn(fallible(move || at_a.recv().unwrap().result()));
        let b = OnThreads.spawn(fallible(move || {
            at_b.recv()
                .unwrap()
                .result()
                .map(|all| all.iter().sum::<u32>())
        }));
        let b = b.map(|n| n + 1).shared();
        let other = InlineExecutor.spawn(|| 7);
        to_b.send(gather([a.map(|n| n + 1), other]).map(|all| all))
            .unwrap();
        to_a.send(b.clone()).unwrap();
        assert!(is_deadlock(&b.result()));
    });
}

#[test]
fn waiting_for_all_is_stuck_when_any_member_is() {
    let with_done: fn(usize, &[Shared]) -> Outcome = |me, all| {
        let done = InlineExecutor.spawn(|| 7).shared();
        of_all(|| wait([&done, &all[1 - me]], ReturnWhen::AllCompleted))
    };
    let outcomes = run_all([with_done; 2]);
    // The first to fail frees the other, for a failed member has ended.
    assert!(outcomes.iter().any(is_deadlock), "{outcomes:?}");
    let [outcome] = run_all([|me, all| {
        let (_promise, pending) = Promise::<u32>::new();
        let pending = pending.shared();
        of_all(|| wait([&pending, &all[me]], ReturnWhen::AllCompleted))
    }]);
    assert!(is_deadlock(&outcome));
}

#[test]
fn waiting_for_the_first_is_stuck_when_all_members_are() {
    for when in [ReturnWhen::FirstCompleted, ReturnWhen::FirstException] {
        let tasks: [fn(usize, &[Shared]) -> Outcome; 2] = match when {
            ReturnWhen::FirstCompleted => {
                [|_, all| of_all(|| wait(all, ReturnWhen::FirstCompleted)); 2]
            }
            _ => [|_, all| of_all(|| wait(all, ReturnWhen::FirstException)); 2],
        };
        let outcomes = run_all(tasks);
        assert!(outcomes.iter().any(is_deadlock), "{when:?}: {outcomes:?}");
    }
}

#[test]
fn as_completed_is_stuck_when_all_that_remain_are() {
    let [outcome] = run_all([|_, all| {
        let done = InlineExecutor.spawn(|| 7).shared();
        let mut in_order = as_completed([&all[0], &done]);
        assert_eq!(in_order.next().unwrap().result()?, 7);
        of_all(|| in_order.next())
    }]);
    assert!(is_deadlock(&outcome));
}

#[test]
fn waiting_for_the_first_is_not_stuck_while_one_can_end() {
    ends(|| {
        let (promise, pending) = Promise::<u32>::new();
        let pending = pending.shared();
        let (sender, receiver) = mpsc::channel::<Shared>();
        let waits = Arc::new(Barrier::new(2));
        let its_waits = Arc::clone(&waits);
        let task = OnThreads
            .spawn(move || {
                let own = receiver.recv().unwrap();
                its_waits.wait();
                u32::try_from(wait([own, pending], ReturnWhen::FirstCompleted).done.len()).unwrap()
            })
            .shared();
        sender.send(task.clone()).unwrap();
        waits.wait();
        promise.set_result(7).unwrap();
        assert_eq!(task.result().unwrap(), 1);
    });
}

#[test]
fn what_an_uncaught_deadlock_unwinds_with_is_stored_as_itself() {
    let waits: [fn(usize, &[Shared]) -> Outcome; 4] = [
        |me, all| {
            all[me].wait();
            Ok(0)
        },
        |me, all| Ok(u32::from(all[me].exception().is_some())),
        |me, all| {
            drop(wait([&all[me]], ReturnWhen::AllCompleted));
            Ok(0)
        },
        |me, all| {
            let _ = as_completed([&all[me]]).next();
            Ok(0)
        },
    ];
    for wait in waits {
        let [outcome] = run_all([wait]);
        assert!(is_deadlock(&outcome));
    }
}

#[test]
fn a_timed_wait_closes_no_circle() {
    // time: the waits must run out by themselves
    const SHORT: Duration = Duration::from_millis(5);
    let [outcome] = run_all([|me, all| {
        assert!(all[me].result_timeout(SHORT).is_err());
        assert!(!all[me].wait_timeout(SHORT));
        let sets = wait_timeout(all, SHORT, ReturnWhen::AllCompleted);
        Ok(u32::try_from(sets.not_done.len()).unwrap())
    }]);
    assert_eq!(outcome.unwrap(), 1);
}

#[test]
fn a_wait_outside_any_task_is_never_part_of_a_circle() {
    ends(|| {
        let (promise, future) = Promise::new();
        let task = OnThreads.spawn(fallible(|| future.result()));
        let waiter = thread::spawn(|| task.result());
        promise.set_result(7).unwrap();
        assert_eq!(waiter.join().unwrap().unwrap(), 7);
    });
}

#[test]
fn tasks_that_wait_without_a_circle_are_never_told_of_one() {
    ends(|| {
        for _ in 0..30 {
            let (promise, future) = Promise::new();
            let mut last = future.shared();
            for _ in 0..8 {
                let before = last.clone();
                last = OnThreads
                    .spawn(fallible(move || before.result().map(|n| n + 1)))
                    .shared();
            }
            promise.set_result(0).unwrap();
            assert_eq!(last.result().unwrap(), 8);
        }
    });
}
