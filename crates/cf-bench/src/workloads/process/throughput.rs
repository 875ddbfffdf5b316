//! Throughput: many tiny calls from one thread to two worker processes, one by one and in chunks.
//!
//! All handles are kept and the results summed in submission order; but for procspawn, whose pending calls use up the
//! process's descriptors: there the oldest result is taken whenever there are too many.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    case::Case,
    measured::{Measured, OURS, Target},
    process_pools::{BETTER_OF, BETTER_OF_LABEL, CPython, OnProcesses, ProcessPool, warm},
    rounds::{self, Lane, Size},
};

use super::process_lanes;

const N_WORKERS: usize = 2;
const CHUNK_SIZE: usize = 64;

pub(crate) fn cases(size: Size) -> Vec<Case> {
    let n = size.n_process_calls;
    let one_by_one = Case::new("process_throughput", move || {
        let python = CPython::start();
        let mut lanes = process_lanes!(one_by_one(n));
        lanes.push(CPython::lane(
            python.as_ref(),
            format!("throughput {N_WORKERS} {n} 1"),
            Duration::from_nanos(1),
        ));
        vec![Measured {
            title: format!("process throughput, {n} calls one by one, 2 workers"),
            unit: "ns a call".to_owned(),
            series: rounds::interleaved(size.n_rounds, &lanes),
            targets: vec![Target::ratio(BETTER_OF_LABEL, &BETTER_OF, 1.0 / 20.0)],
        }]
    });
    let in_chunks = Case::new("process_throughput/64", move || {
        let python = CPython::start();
        let question = format!("throughput {N_WORKERS} {n} {CHUNK_SIZE}");
        let lanes = [
            Lane::new(OURS, move || in_chunks(n)),
            CPython::lane(python.as_ref(), question, Duration::from_nanos(1)),
        ];
        vec![Measured {
            title: format!("process throughput, {n} calls in chunks of {CHUNK_SIZE}, 2 workers"),
            unit: "ns a call".to_owned(),
            series: rounds::interleaved(size.n_rounds, &lanes),
            targets: vec![Target::ratio(CPython::NAME, &[CPython::NAME], 1.0 / 5.0)],
        }]
    });
    vec![one_by_one, in_chunks]
}

fn one_by_one<P: ProcessPool>(n: u64) -> f64 {
    let pool = warm::<P>(N_WORKERS);
    let started = Instant::now();
    let mut pending = VecDeque::new();
    let mut sum = 0;
    for i in 0..n {
        if pending.len() == P::MAX_PENDING
            && let Some(oldest) = pending.pop_front()
        {
            sum += pool.result(oldest);
        }
        pending.push_back(pool.tiny(i));
    }
    sum += pending
        .into_iter()
        .map(|handle| pool.result(handle))
        .sum::<u64>();
    let elapsed = started.elapsed();
    assert_eq!(sum, n * (n - 1) / 2, "{} lost a result", P::NAME);
    elapsed.as_nanos() as f64 / n as f64
}

fn in_chunks(n: u64) -> f64 {
    let pool = warm::<OnProcesses>(N_WORKERS);
    let started = Instant::now();
    let sum = pool.sum_in_chunks(n, CHUNK_SIZE);
    let elapsed = started.elapsed();
    assert_eq!(sum, n * (n - 1) / 2, "a chunk lost a result");
    elapsed.as_nanos() as f64 / n as f64
}
