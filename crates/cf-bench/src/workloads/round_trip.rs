//! Round trip: one outside thread submits one tiny closure and blocks for its result, again and again.

use std::{hint::black_box, time::Instant};

use crate::{
    case::Case,
    contenders::{BEST_OF, BEST_OF_LABEL, Contender, lanes, warm},
    measured::{Measured, Target},
    rounds::{self, Size},
};

const N_WORKERS: usize = 2;

pub(crate) fn across_cores(size: Size) -> Case {
    Case::new("round_trip", move || {
        vec![measure("round trip, 2 workers", size, 0.08)]
    })
}

pub(crate) fn on_one_core(size: Size) -> Case {
    Case::new("round_trip_pinned", move || {
        vec![measure("round trip, 2 workers, all on one core", size, 1.2)]
    })
    .pinned()
}

fn measure(title: &str, size: Size, at_most: f64) -> Measured {
    Measured {
        title: title.to_owned(),
        unit: "ns a task".to_owned(),
        series: rounds::interleaved(size.n_rounds, &lanes!(once(size.n_round_trips))),
        targets: vec![Target::ratio(BEST_OF_LABEL, &BEST_OF, at_most)],
    }
}

fn once<C: Contender>(n: u64) -> f64 {
    let contender = warm::<C>(N_WORKERS);
    round_trips(&contender, n / 10);
    let started = Instant::now();
    round_trips(&contender, n);
    started.elapsed().as_nanos() as f64 / n as f64
}

fn round_trips<C: Contender>(contender: &C, n: u64) {
    let sum: u64 = (0..n)
        .map(|i| contender.result(contender.submit(move || black_box(i))))
        .sum();
    assert_eq!(sum, n * (n - 1) / 2, "{} lost a result", C::NAME);
}
