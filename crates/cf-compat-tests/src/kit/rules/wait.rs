//! Rules of `wait`, over calls and over promises that nobody fulfils.

use std::{thread, time::Duration};

use cf_core::{DoneAndNotDone, Future, ReturnWhen, wait, wait_timeout};
use cf_task::Call;

use crate::kit::{
    Door, Subject,
    bench::{Bench, Verdict, ensure},
    rules::kinds::Kinds,
    tasks::{add, even, fall, visit, visit_and_fall},
};

// time: it must run out, and is waited for in full
const SHORT: Duration = Duration::from_millis(5);

/// Checks which futures are where, by their numbers in `all`.
fn check(
    sets: &DoneAndNotDone<&Future<u64>>,
    all: &[&Future<u64>],
    done: &[usize],
    what: &str,
) -> Verdict {
    let numbers = |set: &[&Future<u64>]| -> Vec<_> {
        let found = all.iter().enumerate().filter(|(_, it)| set.contains(it));
        found.map(|(number, _)| number).collect()
    };
    let (found_done, found_not_done) = (numbers(&sets.done), numbers(&sets.not_done));
    let n_found = sets.done.len() + sets.not_done.len();
    ensure!(
        found_done == done && n_found == all.len(),
        "{what}: done are {found_done:?} and not done {found_not_done:?}, not {done:?} and the others"
    );
    Ok(())
}

/// A call that has ended.
fn ended<E: Subject>(bench: &Bench<E>, call: Call<u64>) -> Future<u64> {
    let future = bench.submit(call);
    future.wait();
    future
}

/// Waits while the call, which waits at the door, is let in.
fn wait_while_it_ends<'a, E: Subject>(
    bench: &Bench<E>,
    all: &[&'a Future<u64>],
    door: &Door,
    when: ReturnWhen,
) -> Verdict<DoneAndNotDone<&'a Future<u64>>> {
    let guest = match bench.traits.runs_inline {
        true => None,
        false => Some(bench.guest(door)?),
    };
    let letting_in = thread::spawn(move || drop(guest));
    bench.step("waiting for a call that ends");
    let sets = wait(all.iter().copied(), when);
    let _ = letting_in.join();
    Ok(sets)
}

/// A door which is open if nobody could be let in later.
fn door<E: Subject>(bench: &Bench<E>) -> Door {
    let door = Door::new();
    if bench.traits.runs_inline {
        door.open();
    }
    door
}

pub(super) fn a_future_given_twice_is_waited_for_once<E: Subject>(bench: &Bench<E>) -> Verdict {
    let future = bench.submit(add::task(3, 4));
    let sets = wait([&future, &future, &future], ReturnWhen::AllCompleted);
    check(&sets, &[&future], &[0], "a future given three times")
}

pub(super) fn wait_for_the_first_ends_with_one<E: Subject>(bench: &Bench<E>) -> Verdict {
    let kinds = Kinds::new();
    let door = door(bench);
    let ends = bench.submit(visit::task(door.address(), 1));
    let all = [&kinds.pending, &ends];
    let sets = wait_while_it_ends(bench, &all, &door, ReturnWhen::FirstCompleted)?;
    check(&sets, &all, &[1], "one that is pending and one that ends")?;
    let all = [&kinds.cancelled, &ends, &kinds.pending];
    let sets = wait(all, ReturnWhen::FirstCompleted);
    check(
        &sets,
        &all,
        &[0, 1],
        "one cancelled, one ended, one pending",
    )?;
    let all = [&kinds.cancelled, &kinds.pending];
    let sets = wait(all, ReturnWhen::FirstCompleted);
    check(&sets, &all, &[0], "one cancelled and one pending")
}

pub(super) fn wait_for_the_first_takes_what_is_there<E: Subject>(bench: &Bench<E>) -> Verdict {
    let kinds = Kinds::new();
    let ended = ended(bench, add::task(3, 4));
    let all = [&kinds.notified, &kinds.succeeded, &ended, &kinds.pending];
    bench.step("waiting for the first of what has ended");
    let sets = wait(all, ReturnWhen::FirstCompleted);
    check(
        &sets,
        &all,
        &[0, 1, 2],
        "one cancelled, two successful, one pending",
    )
}

pub(super) fn wait_for_an_exception_ends_with_one<E: Subject>(bench: &Bench<E>) -> Verdict {
    let kinds = Kinds::new();
    let succeeded = ended(bench, add::task(3, 4));
    let door = door(bench);
    let fails = bench.submit(visit_and_fall::task(door.address(), 2));
    let all = [&kinds.pending, &succeeded, &fails];
    let sets = wait_while_it_ends(bench, &all, &door, ReturnWhen::FirstException)?;
    check(
        &sets,
        &all,
        &[1, 2],
        "one pending, one that succeeded, one that fails",
    )
}

pub(super) fn wait_for_an_exception_passes_over_other_ends<E: Subject>(
    bench: &Bench<E>,
) -> Verdict {
    let kinds = Kinds::new();
    let door = door(bench);
    let fails = bench.submit(visit_and_fall::task(door.address(), 2));
    let Kinds {
        pending,
        cancelled,
        notified,
        succeeded,
        ..
    } = &kinds;
    if !bench.traits.runs_inline {
        let all = [succeeded, cancelled, notified, &fails, pending];
        let sets = wait_timeout(all, SHORT, ReturnWhen::FirstException);
        let what = "one successful, two cancelled, one running, one pending";
        check(&sets, &all, &[0, 1, 2], what)?;
    }
    let all = [succeeded, cancelled, notified, &fails, pending];
    let sets = wait_while_it_ends(bench, &all, &door, ReturnWhen::FirstException)?;
    let what = "one successful, two cancelled, one that fails, one pending";
    check(&sets, &all, &[0, 1, 2, 3], what)
}

pub(super) fn wait_for_an_exception_takes_one_that_is_there<E: Subject>(
    bench: &Bench<E>,
) -> Verdict {
    let kinds = Kinds::new();
    let failed = ended(bench, fall::task("here"));
    bench.step("waiting for a call that has failed");
    for failed in [&kinds.failed, &failed] {
        let all = [failed, &kinds.pending];
        let sets = wait(all, ReturnWhen::FirstException);
        check(&sets, &all, &[0], "one that failed and one that is pending")?;
    }
    Ok(())
}

pub(super) fn wait_for_all_ends_with_the_last<E: Subject>(bench: &Bench<E>) -> Verdict {
    let kinds = Kinds::new();
    let calls = (0..50).map(|n| match n % 5 {
        0 => bench.submit(fall::task("here")),
        _ => bench.submit(even::task(n)),
    });
    let futures: Vec<_> = calls.collect();
    let others = [
        &kinds.succeeded,
        &kinds.notified,
        &kinds.cancelled,
        &kinds.failed,
    ];
    let all: Vec<_> = others.into_iter().chain(&futures).collect();
    let sets = wait(all.iter().copied(), ReturnWhen::AllCompleted);
    let numbers: Vec<_> = (0..all.len()).collect();
    let what = "one successful, two cancelled, one failed, and 50 calls of which many fail";
    check(&sets, &all, &numbers, what)
}

pub(super) fn a_timed_wait_gives_two_sets<E: Subject>(bench: &Bench<E>) -> Verdict {
    let kinds = Kinds::new();
    let door = Door::new();
    let ended = ended(bench, add::task(3, 4));
    let slow = bench.submit(visit::task(door.address(), 1));
    let guest = bench.guest(&door)?;
    let all = [
        &kinds.notified,
        &kinds.failed,
        &kinds.succeeded,
        &ended,
        &slow,
    ];
    for time in [Duration::ZERO, SHORT] {
        let sets = wait_timeout(all, time, ReturnWhen::AllCompleted);
        let what = "one cancelled, one failed, two successful, one that runs";
        check(&sets, &all, &[0, 1, 2, 3], what)?;
    }
    ensure!(
        slow.running(),
        "the wait changed the running call to {slow:?}"
    );
    drop(guest);
    bench.value(slow, "a call for which a wait ran out of time")?;
    Ok(())
}

pub(super) fn calls_that_end_at_once_are_all_counted<E: Subject>(bench: &Bench<E>) -> Verdict {
    for _ in 0..5 {
        let door = door(bench);
        let calls = (0..100).map(|n| bench.queue(visit::task(door.address(), n)));
        let futures: Vec<_> = calls.collect();
        door.open();
        bench.step("waiting for 100 calls that end at once");
        let sets = wait(&futures, ReturnWhen::AllCompleted);
        let (n_done, n_not_done) = (sets.done.len(), sets.not_done.len());
        ensure!(
            (n_done, n_not_done) == (100, 0),
            "of 100 calls, {n_done} are done and {n_not_done} not"
        );
    }
    Ok(())
}
