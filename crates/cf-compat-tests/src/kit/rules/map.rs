//! Rules of `map`, which is built on `submit` alone.

use std::{cell::Cell, rc::Rc, time::Duration};

use cf_core::Error;

use crate::kit::{
    Door, Subject,
    bench::{Bench, Verdict, ensure},
    tasks::{add, even, even_or_late, visit},
};

// time: it must run out, and is waited for in full
const SHORT: Duration = Duration::from_millis(5);
// time: it must not run out
const LONG: Duration = Duration::from_secs(3600);
const N_ITEMS: u64 = 50;

/// Whether these are the results, and all of them.
fn are(
    results: impl Iterator<Item = Result<u64, Error>>,
    expected: impl Iterator<Item = u64>,
) -> bool {
    results.map(Result::ok).eq(expected.map(Some))
}

pub(super) fn results_come_in_the_order_of_the_items<E: Subject>(bench: &Bench<E>) -> Verdict {
    for chunk_size in [1, 3, 50, 1000] {
        let sums = bench.map(|n| add::task(n, 1), 0..N_ITEMS);
        let sums: Result<Vec<_>, _> = sums.chunk_size(chunk_size).collect();
        let is_right = sums.is_ok_and(|sums| sums.into_iter().eq(1..=N_ITEMS));
        ensure!(
            is_right,
            "in chunks of {chunk_size}, other results came than 1 to {N_ITEMS}"
        );
    }
    let nothing = bench.map(|n| add::task(n, 1), []).count();
    ensure!(nothing == 0, "of no items came {nothing} results");
    Ok(())
}

pub(super) fn it_goes_on_after_an_error<E: Subject>(bench: &Bench<E>) -> Verdict {
    for chunk_size in [1, 4] {
        let outcomes = bench.map(even::task, 0..6).chunk_size(chunk_size);
        let outcomes: Vec<_> = outcomes.map(Result::ok).collect();
        ensure!(
            outcomes == [Some(0), None, Some(2), None, Some(4), None],
            "in chunks of {chunk_size}, the even ones of 0 to 5 came as {outcomes:?}"
        );
    }
    Ok(())
}

pub(super) fn it_runs_all_although_nobody_looks<E: Subject>(bench: &Bench<E>) -> Verdict {
    let door = Door::new();
    door.open();
    let address = door.address().to_owned();
    let visits = bench.map(move |n| visit::task(&address, n), 0..N_ITEMS);
    let visits = visits.start();
    let n_items = usize::try_from(N_ITEMS).unwrap_or(usize::MAX);
    bench.wait_for_names(&door, n_items, "of the calls of a started map")?;
    drop(visits);
    Ok(())
}

pub(super) fn it_takes_endless_input<E: Subject>(bench: &Bench<E>) -> Verdict {
    let n_pulled = Rc::new(Cell::new(0));
    let count = Rc::clone(&n_pulled);
    let input = (0..).inspect(move |_| count.set(count.get() + 1));
    let mut sums = bench.map(|n| add::task(n, 1), input).buffer_size(3);
    ensure!(
        n_pulled.get() == 0,
        "input was pulled before the first step"
    );
    for n in 0..20 {
        let sum = sums.next().and_then(Result::ok);
        ensure!(sum == Some(n + 1), "{n} + 1 came as {sum:?}");
        let n_ahead = n_pulled.get() - n;
        ensure!(n_ahead <= 3, "{n_ahead} items were pulled ahead, not 3");
    }
    let pairs = bench.map(|(a, b)| add::task(a, b), (0..).zip(1..));
    let sums = pairs.buffer_size(3).take(20);
    ensure!(
        are(sums, (0..20).map(|n| n + n + 1)),
        "of two endless inputs came other sums than 1, 3, 5 and so on"
    );
    Ok(())
}

pub(super) fn a_buffer_of_any_size_gives_all_results<E: Subject>(bench: &Bench<E>) -> Verdict {
    for size in [1, 2, 49, 50, 51, 1000] {
        let sums = bench.map(|n| add::task(n, 1), 0..N_ITEMS);
        ensure!(
            are(sums.buffer_size(size), 1..=N_ITEMS),
            "with a buffer of {size}, other results came than 1 to {N_ITEMS}"
        );
        let pairs = bench.map(|(a, b)| add::task(a, b), (0..N_ITEMS).zip(1..));
        ensure!(
            are(pairs.buffer_size(size), (0..N_ITEMS).map(|n| n + n + 1)),
            "with a buffer of {size}, of two inputs came other sums than 1, 3, 5 and so on"
        );
        let nothing = bench.map(|n| add::task(n, 1), []);
        let nothing = nothing.buffer_size(size).count();
        ensure!(
            nothing == 0,
            "with a buffer of {size}, of no items came {nothing} results"
        );
    }
    Ok(())
}

pub(super) fn a_full_buffer_pulls_no_more_input<E: Subject>(bench: &mut Bench<E>) -> Verdict {
    let door = Door::new();
    door.open();
    let address = door.address().to_owned();
    let mut input = 0..4;
    let visits = bench.map(move |n| visit::task(&address, n), input.by_ref());
    let visits = visits.buffer_size(2).start();
    bench.wait_for_names(&door, 2, "of the calls that fit into the buffer")?;
    drop(visits);
    let next = input.next();
    ensure!(
        next == Some(2),
        "after a buffer of 2 was filled, the next item is {next:?}"
    );
    bench.end();
    let mut names = door.names();
    names.sort_unstable();
    ensure!(
        names == [0, 1],
        "with a buffer of 2 of which nothing was taken, calls {names:?} were run"
    );
    Ok(())
}

pub(super) fn it_times_out_once_and_ends<E: Subject>(bench: &Bench<E>) -> Verdict {
    let door = Door::new();
    let address = door.address().to_owned();
    let call = move |n| match n {
        0 => add::task(3, 4),
        _ => visit::task(&address, n),
    };
    // One after the other, for there may be one worker only.
    let mut results = bench.map(call, 0..5).buffer_size(1);
    let first = results.next();
    ensure!(
        matches!(first, Some(Ok(7))),
        "the first result came as {first:?}"
    );
    let mut results = results.timeout(SHORT);
    let second = results.next();
    ensure!(
        matches!(second, Some(Err(Error::TimedOut(_)))),
        "while its call waits at a door, the second result came as {second:?}"
    );
    ensure!(
        results.next().is_none(),
        "it went on after its time had run out"
    );
    Ok(())
}

pub(super) fn a_time_out_cancels_what_has_not_started<E: Subject>(bench: &mut Bench<E>) -> Verdict {
    let crowd = bench.occupy()?;
    let door = Door::new();
    door.open();
    let address = door.address().to_owned();
    let visits = bench.map_queued(move |n| visit::task(&address, n), 0..10);
    let mut visits = visits.timeout(SHORT);
    let first = visits.next();
    ensure!(
        matches!(first, Some(Err(Error::TimedOut(_)))),
        "while all workers are busy, the first result came as {first:?}"
    );
    ensure!(
        visits.next().is_none(),
        "it went on after its time had run out"
    );
    drop(visits);
    let behind = bench.queue(add::task(3, 4));
    crowd.disperse()?;
    bench.value(behind, "the call behind them")?;
    bench.end();
    let names = door.names();
    ensure!(
        names.is_empty(),
        "although the time had run out, calls {names:?} were run"
    );
    Ok(())
}

pub(super) fn a_result_that_is_there_comes_after_the_deadline_too<E: Subject>(
    bench: &Bench<E>,
) -> Verdict {
    let door = Door::new();
    door.open();
    let address = door.address().to_owned();
    let visits = bench.map(move |n| visit::task(&address, n), 0..3).start();
    bench.wait_for_names(&door, 3, "of three calls")?;
    // Whoever ran them has ended them when all stand at another door.
    bench.occupy()?.disperse()?;
    let names: Vec<_> = visits.timeout(Duration::ZERO).map(Result::ok).collect();
    ensure!(
        names == [Some(0), Some(1), Some(2)],
        "three results came as {names:?}"
    );
    Ok(())
}

pub(super) fn a_time_out_of_a_call_does_not_end_the_map<E: Subject>(bench: &Bench<E>) -> Verdict {
    for chunk_size in [1, 4] {
        let outcomes = bench.map(even_or_late::task, 0..6).chunk_size(chunk_size);
        let outcomes: Vec<_> = outcomes.timeout(LONG).collect();
        let is_right = |(n, outcome): (u64, &Result<u64, Error>)| match outcome {
            Ok(value) => *value == n && n.is_multiple_of(2),
            Err(error) => matches!(error, Error::TimedOut(_)) && !n.is_multiple_of(2),
        };
        ensure!(
            outcomes.len() == 6 && (0..).zip(&outcomes).all(is_right),
            "in chunks of {chunk_size}, of six calls of which every other one timed out came {outcomes:?}"
        );
    }
    Ok(())
}

pub(super) fn a_dropped_map_cancels_what_has_not_started<E: Subject>(
    bench: &mut Bench<E>,
) -> Verdict {
    let crowd = bench.occupy()?;
    let door = Door::new();
    door.open();
    let address = door.address().to_owned();
    let visits = bench.map_queued(move |n| visit::task(&address, n), 0..10);
    drop(visits.start());
    let behind = bench.queue(add::task(3, 4));
    crowd.disperse()?;
    bench.value(behind, "the call behind them")?;
    bench.end();
    let names = door.names();
    ensure!(
        names.is_empty(),
        "although their map was dropped, calls {names:?} were run"
    );
    Ok(())
}
