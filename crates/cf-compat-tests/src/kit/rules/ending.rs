//! Rules of the end: what was accepted runs, and nothing hangs.

use std::{thread, time::Duration};

use cf_core::Future;

use crate::kit::{
    Door, Subject,
    bench::{Bench, Verdict, ensure},
    tasks::{add, visit},
};

const N_CALLS: u64 = 200;

fn check_sums(futures: Vec<Future<u64>>, when: &str) -> Verdict {
    for (n, future) in (0..).zip(futures) {
        match future.result() {
            Ok(sum) => ensure!(sum == n + 1, "{n} + 1 gave {sum}"),
            Err(error) => ensure!(false, "a call accepted {when} failed: {error}"),
        }
    }
    Ok(())
}

pub(super) fn dropping_the_executor_runs_what_it_accepted<E: Subject>(
    bench: &mut Bench<E>,
) -> Verdict {
    let door = Door::new();
    let stays = bench.submit(visit::task(door.address(), 7));
    let guest = bench.guest(&door)?;
    let futures = (0..N_CALLS).map(|n| bench.queue(add::task(n, 1))).collect();
    // Dropping may wait for the calls.
    let letting_in = thread::spawn(move || {
        // time: the executor is being dropped by then; earlier would show less, but break nothing
        thread::sleep(Duration::from_millis(20));
        drop(guest);
    });
    bench.end();
    let _ = letting_in.join();
    let stayed = stays.result();
    ensure!(
        matches!(stayed, Ok(7)),
        "the call that ran came to {stayed:?}"
    );
    check_sums(futures, "before the executor was dropped")
}

pub(super) fn a_burst_before_the_end_is_run<E: Subject>(bench: &mut Bench<E>) -> Verdict {
    let futures = (0..N_CALLS)
        .map(|n| bench.submit(add::task(n, 1)))
        .collect();
    bench.end();
    check_sums(futures, "right before the executor was dropped")
}

pub(super) fn a_cancel_before_the_end_hangs_nothing<E: Subject>(bench: &mut Bench<E>) -> Verdict {
    let futures: Vec<_> = (0..4).map(|n| bench.submit(add::task(n, 1))).collect();
    for future in &futures {
        future.cancel();
    }
    bench.end();
    for future in futures {
        let is_cancelled = future.cancelled();
        let outcome = future.result();
        ensure!(
            outcome.is_ok() != is_cancelled,
            "a cancelled call came to {outcome:?}"
        );
    }
    Ok(())
}
