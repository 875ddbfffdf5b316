//! Rules of `submit`: what goes in runs once, and comes out as it ended.

use std::{collections::BTreeMap, thread};

use cf_core::{Error, Executor, Future, Reason, Rejected};
use cf_task::Call;

use crate::kit::{
    Door, Subject,
    bench::{Bench, Broken, QUIET, Verdict, ensure},
    tasks::{LastWords, add, echo, fail_silently, fall, parse, take, visit},
};

const N_CALLS: u64 = 50;
const N_THREADS: u64 = 4;

pub(super) fn a_call_gives_its_value<E: Subject>(bench: &Bench<E>) -> Verdict {
    let sum = bench.value(bench.submit(add::task(20, 22)), "20 + 22")?;
    ensure!(sum == 42, "20 + 22 gave {sum}");
    Ok(())
}

pub(super) fn an_error_is_the_failure_of_its_call_alone<E: Subject>(bench: &Bench<E>) -> Verdict {
    for _ in 0..20 {
        match bench.submit(parse::task("x")).result() {
            Err(error @ Error::Raised(_)) => {
                let text = error.to_string();
                let is_told = text.contains("invalid digit");
                ensure!(is_told, "the error of the function came as {text:?}");
            }
            other => return Err(Broken(format!("an `Err` came as {other:?}"))),
        }
    }
    let value = bench.value(bench.submit(parse::task("7")), "the call after failed ones")?;
    ensure!(value == 7, "after failed calls, 7 came as {value}");
    Ok(())
}

pub(super) fn a_panic_is_the_failure_of_its_call_alone<E: Subject>(bench: &Bench<E>) -> Verdict {
    for _ in 0..20 {
        match bench.submit(fall::task("grace")).result() {
            Err(Error::Panicked(panic)) => {
                let text = panic.message();
                ensure!(text == "fell from grace", "the message came as {text:?}");
            }
            other => return Err(Broken(format!("a panic came as {other:?}"))),
        }
    }
    let value = bench.value(bench.submit(parse::task("7")), "the call after panics")?;
    ensure!(value == 7, "after panics, 7 came as {value}");
    bench.all_workers_are_there()
}

pub(super) fn an_error_without_a_text_is_a_failure_too<E: Subject>(bench: &Bench<E>) -> Verdict {
    match bench.submit(fail_silently::task()).result() {
        Err(error @ Error::Raised(_)) => {
            let text = error.to_string();
            ensure!(text.is_empty(), "an error without a text came as {text:?}");
            Ok(())
        }
        other => Err(Broken(format!("an `Err` without a text came as {other:?}"))),
    }
}

pub(super) fn each_call_runs_once<E: Subject>(bench: &mut Bench<E>) -> Verdict {
    let door = Door::new();
    door.open();
    let visits = (0..N_CALLS).map(|name| bench.submit(visit::task(door.address(), name)));
    let visits: Vec<_> = visits.collect();
    for visit in visits {
        bench.value(visit, "a call")?;
    }
    bench.end();
    let mut runs: BTreeMap<_, u64> = (0..N_CALLS).map(|name| (name, 0)).collect();
    for name in door.names() {
        *runs.entry(name).or_default() += 1;
    }
    for (name, n_runs) in runs {
        ensure!(n_runs == 1, "call {name} of {N_CALLS} ran {n_runs} times");
    }
    Ok(())
}

pub(super) fn a_text_comes_through_unchanged<E: Subject>(bench: &Bench<E>) -> Verdict {
    for n_bytes in [0, 1, 1000, 1 << 16, 3 << 20] {
        let text: String = "0123456789äöü".chars().cycle().take(n_bytes).collect();
        bench.step("waiting for a text to come back");
        let echoed = bench.executor().submit(echo::task(&text));
        let is_same = bench.value(echoed, "a call with a text")? == text;
        ensure!(is_same, "a text of {n_bytes} characters came back changed");
    }
    Ok(())
}

pub(super) fn try_submit_and_submit_now_run_the_call_too<E: Subject>(bench: &Bench<E>) -> Verdict {
    let executor = bench.executor();
    for n in 0..N_CALLS {
        let now = Executor::<Call<u64>>::submit_now(&**executor, add::task(n, 1));
        let tried = match executor.try_submit(add::task(n, 2)) {
            Ok(future) => future,
            Err(Rejected {
                callable,
                reason: Reason::Full,
            }) => executor.submit(callable),
            Err(rejected) => {
                return Err(Broken(format!("try_submit refused a call: {rejected}")));
            }
        };
        bench.step("waiting for a call of submit_now");
        let now = bench.value(now, "a call of submit_now")?;
        bench.step("waiting for a call of try_submit");
        let tried = bench.value(tried, "a call of try_submit")?;
        ensure!(
            (now, tried) == (n + 1, n + 2),
            "{n} + 1 gave {now}, {n} + 2 gave {tried}"
        );
    }
    Ok(())
}

pub(super) fn a_call_lets_go_of_its_arguments<E: Subject>(bench: &Bench<E>) -> Verdict {
    let door = Door::new();
    door.open();
    // Elsewhere, it is a copy that the function takes.
    let n_drops = if bench.traits.crosses_processes { 2 } else { 1 };
    for round in 1..=20 {
        let future = bench.submit(take::task(LastWords::at(door.address(), round)));
        future.wait();
        let n_expected = usize::try_from(round).unwrap_or(0) * n_drops;
        if bench.traits.crosses_processes {
            bench.wait_for_names(&door, n_expected, "dropped arguments")?;
        }
        let n_names = door.names().len();
        ensure!(
            n_names == n_expected,
            "when its result was there, the argument of call {round} had been dropped {} times",
            (n_names + n_drops).saturating_sub(n_expected)
        );
        bench.value(future, "a call")?;
    }
    Ok(())
}

pub(super) fn calls_from_many_threads_all_come_back<E: Subject>(bench: &Bench<E>) -> Verdict {
    let sums: Vec<u64> = thread::scope(|s| {
        let threads = (0..N_THREADS).map(|thread| {
            s.spawn(move || {
                let base = thread * N_CALLS;
                let futures = (base..base + N_CALLS).map(|n| bench.submit(add::task(n, 1)));
                let futures: Vec<_> = futures.collect();
                let values = futures.into_iter().map(Future::result);
                values.filter_map(Result::ok).sum()
            })
        });
        let threads: Vec<_> = threads.collect();
        let sums = threads.into_iter().map(thread::ScopedJoinHandle::join);
        sums.map(Result::unwrap_or_default).collect()
    });
    for (thread, sum) in (0..N_THREADS).zip(sums) {
        let base = thread * N_CALLS;
        let expected: u64 = (base + 1..=base + N_CALLS).sum();
        ensure!(sum == expected, "of one thread's calls, some failed");
    }
    bench.all_workers_are_there()
}

pub(super) fn submit_returns_before_the_call_has_run<E: Subject>(bench: &Bench<E>) -> Verdict {
    let crowd = bench.occupy()?;
    bench.step("submitting calls while all workers are busy");
    let futures: Vec<_> = (0..N_CALLS)
        .map(|n| bench.submit(add::task(n, 1)))
        .collect();
    let are_pending = !futures.iter().any(Future::done);
    ensure!(are_pending, "a call ended although all workers were busy");
    crowd.disperse()?;
    for (n, future) in (0..N_CALLS).zip(futures) {
        let value = bench.value(future, "a queued call")?;
        ensure!(value == n + 1, "{n} + 1 gave {value}");
    }
    Ok(())
}

pub(super) fn calls_run_at_the_same_time<E: Subject>(bench: &Bench<E>) -> Verdict {
    // Nobody is let in before all are there.
    bench.occupy()?.disperse()
}

pub(super) fn no_more_calls_run_than_there_are_workers<E: Subject>(bench: &Bench<E>) -> Verdict {
    let mut crowd = bench.occupy()?;
    let door = Door::new();
    let futures = [0, 1, 2].map(|name| bench.queue(visit::task(door.address(), name)));
    let n_workers = bench.traits.workers.unwrap_or_default();
    ensure!(
        door.guest_within(QUIET).is_none(),
        "while {n_workers} calls ran, as many as it was said to have workers, another began"
    );
    crowd.let_one_go();
    let guest = bench.guest(&door)?;
    ensure!(
        door.guest_within(QUIET).is_none(),
        "when one of {n_workers} calls ended, two others began"
    );
    door.open();
    drop(guest);
    for future in futures {
        bench.value(future, "a queued call")?;
    }
    crowd.disperse()
}

pub(super) fn calls_start_in_the_order_of_submission<E: Subject>(bench: &Bench<E>) -> Verdict {
    let mut crowd = bench.occupy()?;
    let door = Door::new();
    door.open();
    let visits = (0..N_CALLS).map(|name| bench.queue(visit::task(door.address(), name)));
    let visits: Vec<_> = visits.collect();
    // One worker is free, and takes them all.
    crowd.let_one_go();
    for visit in visits {
        bench.value(visit, "a queued call")?;
    }
    let names = door.names();
    ensure!(
        names.iter().copied().eq(0..N_CALLS),
        "calls 0 to {} began in the order {names:?}",
        N_CALLS - 1
    );
    crowd.disperse()
}
