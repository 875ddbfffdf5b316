//! The long run: what happens to one call in a thousand, or to a worker after many calls, is seen here only.

use std::{thread, time::Instant};

use cf_core::Error;

use crate::kit::{
    Subject,
    bench::{Bench, Broken, Verdict, ensure},
    tasks::{add, fall},
};

const N_THREADS: u64 = 4;
/// How many calls a thread has out at once.
const N_AT_ONCE: u64 = 50;
/// How many rounds of so many calls each thread makes: 10,000 calls in all, and fewer where each is a message.
const N_ROUNDS: u64 = 50;
const N_ROUNDS_ACROSS: u64 = 10;
/// One call in so many panics.
const PANICS_EVERY: u64 = 500;

/// The calls of one thread; `Err` says what became of one of them.
fn rounds<E: Subject>(bench: &Bench<E>, thread: u64, n_rounds: u64) -> Verdict {
    let started = Instant::now();
    for round in 0..n_rounds {
        // A slow executor is asked as many as it can do.
        if started.elapsed() > bench.time_limit() / 2 {
            break;
        }
        let first = (thread * n_rounds + round) * N_AT_ONCE;
        let panics = |n: u64| n % PANICS_EVERY == 7;
        let calls = (first..first + N_AT_ONCE).map(|n| match panics(n) {
            true => bench.submit(fall::task("grace")),
            false => bench.submit(add::task(n, 1)),
        });
        let calls: Vec<_> = calls.collect();
        bench.step("waiting for one of thousands of calls");
        for (n, call) in (first..).zip(calls) {
            match call.result() {
                Ok(sum) => ensure!(
                    !panics(n) && sum == n + 1,
                    "of many calls, {n} + 1 gave {sum}"
                ),
                Err(Error::Panicked(_)) if panics(n) => {}
                Err(error) => {
                    return Err(Broken(format!("of many calls, call {n} failed: {error}")));
                }
            }
        }
    }
    Ok(())
}

pub(super) fn no_call_and_no_worker_is_lost<E: Subject>(bench: &Bench<E>) -> Verdict {
    let n_rounds = match bench.traits.crosses_processes {
        true => N_ROUNDS_ACROSS,
        false => N_ROUNDS,
    };
    thread::scope(|s| {
        let threads = (0..N_THREADS).map(|thread| s.spawn(move || rounds(bench, thread, n_rounds)));
        let threads: Vec<_> = threads.collect();
        threads.into_iter().try_for_each(|thread| {
            let verdict = thread.join();
            verdict.unwrap_or_else(|_| Err(Broken("submit panicked".to_owned())))
        })
    })?;
    bench.all_workers_are_there()
}
