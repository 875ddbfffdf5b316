//! Cold: from making a pool to its first result, and how much of that is not simply the start of a process.

use std::time::{Duration, Instant};

use crate::{
    case::Case,
    measured::{Measured, OURS, Series, Target},
    process_pools::{CPython, ProcessPool},
    raw,
    rounds::{self, Lane, Size},
};

use super::process_lanes;

const MILLIS_AT_MOST: f64 = 10.0;

pub(crate) fn case(size: Size) -> Case {
    Case::new("process_cold", move || {
        let n = size.n_cold_starts;
        let python = CPython::start();
        let mut lanes = process_lanes!(once(n));
        lanes.extend([
            CPython::lane(
                python.as_ref(),
                format!("cold {n}"),
                Duration::from_millis(1),
            ),
            Lane::new(raw::START, move || {
                mean_millis(n, || raw::start().expect("this binary starts"))
            }),
        ]);
        let series = rounds::interleaved(size.n_rounds, &lanes);
        let beyond = beyond_a_start(&series);
        vec![
            Measured {
                title: "process pool, cold, until the first result".to_owned(),
                unit: "ms".to_owned(),
                series,
                targets: Vec::new(),
            },
            Measured {
                title: "process pool, cold, beyond the start of a process".to_owned(),
                unit: "ms".to_owned(),
                series: vec![beyond],
                targets: vec![Target::value("beyond fork + exec", MILLIS_AT_MOST)],
            },
        ]
    })
}

fn once<P: ProcessPool>(n: u32) -> f64 {
    mean_millis(n, || {
        let started = Instant::now();
        let pool = P::start(1);
        assert_eq!(pool.result(pool.tiny(1)), 1);
        started.elapsed()
    })
}

fn mean_millis(n: u32, measured: impl Fn() -> Duration) -> f64 {
    let sum: Duration = (0..n).map(|_| measured()).sum();
    sum.as_secs_f64() * 1e3 / f64::from(n)
}

/// Our time less that of a process which only starts, round by round.
fn beyond_a_start(series: &[Series]) -> Series {
    let values_of = |contender: &str| {
        let known = series.iter().find(|series| series.contender == contender);
        known.map_or(&[][..], |series| &series.values)
    };
    let rounds = values_of(OURS).iter().zip(values_of(raw::START));
    Series {
        contender: OURS.to_owned(),
        values: rounds.map(|(ours, start)| ours - start).collect(),
    }
}
