//! Idle: whether anything of a warm process pool wakes up while there is nothing to do, here or in a worker.

use std::{collections::BTreeMap, thread, time::Duration};

use crate::{
    case::Case,
    measured::{Measured, Target},
    process_pools::{CPython, ProcessPool, warm},
    rounds::{self, Size},
    sys::{Activity, activity},
};

use super::process_lanes;

const N_WORKERS: usize = 2;
const N_CALLS_BEFORE: u64 = 2_000;

pub(crate) fn case(size: Size) -> Case {
    Case::new("process_idle", move || {
        let python = CPython::start();
        let of_python = |what: &str, unit: Duration| {
            let (settling, idle) = (size.settling.as_millis(), size.idle.as_millis());
            let question = format!("{what} {N_WORKERS} {N_CALLS_BEFORE} {settling} {idle}");
            CPython::lane(python.as_ref(), question, unit)
        };
        let mut sleeps = process_lanes!(over(size, |activity| activity.n_sleeps as f64));
        sleeps.push(of_python("idle_sleeps", Duration::from_nanos(1)));
        let mut micros = process_lanes!(over(size, |activity| activity.cpu_nanos as f64 / 1e3));
        micros.push(of_python("idle_nanos", Duration::from_micros(1)));
        let measured = |what: &str, unit: &str, lanes: &[_]| Measured {
            title: format!(
                "process pool, idle for {} s, 2 workers, {what} of all three processes",
                size.idle.as_secs_f64()
            ),
            unit: unit.to_owned(),
            series: rounds::interleaved(1, lanes),
            targets: vec![Target::value(what, 0.0)],
        };
        vec![
            measured("wake-ups", "voluntary context switches", &sleeps),
            measured("processor time", "us", &micros),
        ]
    })
}

type Activities = BTreeMap<u64, Activity>;

/// What all threads but this one do while a pool that has worked has nothing to do.
fn over<P: ProcessPool>(size: Size, of: fn(Activity) -> f64) -> f64 {
    let pool = warm::<P>(N_WORKERS);
    for first in (0..N_CALLS_BEFORE).step_by(P::MAX_PENDING) {
        let last = first.saturating_add(P::MAX_PENDING as u64);
        let handles: Vec<_> = (first..last.min(N_CALLS_BEFORE))
            .map(|i| pool.tiny(i))
            .collect();
        for (i, handle) in (first..).zip(handles) {
            assert_eq!(pool.result(handle), i, "{} gave another result", P::NAME);
        }
    }
    thread::sleep(size.settling);
    let before = activity().expect("it can be read");
    thread::sleep(size.idle);
    let after = activity().expect("it can be read");
    moved(&before, &after, of)
}

/// A thread that is gone must have woken up to go, and counts as one; a new one counts with all that it did.
fn moved(before: &Activities, after: &Activities, of: fn(Activity) -> f64) -> f64 {
    let n_gone = before.keys().filter(|id| !after.contains_key(id)).count();
    let moved = after.iter().map(|(id, is)| {
        let was = before.get(id).map_or(0.0, |was| of(*was));
        of(*is) - was
    });
    moved.sum::<f64>() + n_gone as f64
}
