//! Throughput: tiny closures submitted without waiting, all handles kept, results summed in submission order.

use std::{hint::black_box, thread, time::Instant};

use crate::{
    case::Case,
    contenders::{AsyncTaskPool, BEST_OF, BEST_OF_LABEL, Contender, lanes, warm},
    measured::{Measured, Target},
    rounds::{self, Lane, Size},
};

const N_SUBMITTERS: u64 = 4;

pub(crate) fn by_workers(size: Size) -> Vec<Case> {
    let case = |n_workers: usize| {
        Case::new(format!("throughput/{n_workers}"), move || {
            let title = format!("throughput, 1 submitter, {n_workers} workers");
            vec![measure(
                title,
                size,
                across_cores(),
                &lanes!(from_one(n_workers, size.n_tiny_tasks)),
            )]
        })
    };
    [1, 2, 4, 8].map(case).into()
}

pub(crate) fn from_four_threads(size: Size) -> Case {
    Case::new("throughput_4_submitters", move || {
        let title = "throughput, 4 submitters, 2 workers".to_owned();
        vec![measure(
            title,
            size,
            across_cores(),
            &lanes!(from_four(2, size.n_tiny_tasks)),
        )]
    })
}

pub(crate) fn on_one_core(size: Size) -> Case {
    Case::new("throughput_pinned", move || {
        let title = "throughput, 1 submitter, 2 workers, all on one core".to_owned();
        let targets = vec![Target::ratio(BEST_OF_LABEL, &BEST_OF, 1.2)];
        vec![measure(
            title,
            size,
            targets,
            &lanes!(from_one(2, size.n_tiny_tasks)),
        )]
    })
    .pinned()
}

fn across_cores() -> Vec<Target> {
    vec![
        Target::ratio(BEST_OF_LABEL, &BEST_OF, 0.5),
        Target::stretch(BEST_OF_LABEL, &BEST_OF, 0.35),
        Target::ratio(
            "the hand-rolled async-task pool",
            &[AsyncTaskPool::NAME],
            0.9,
        ),
    ]
}

fn measure(title: String, size: Size, targets: Vec<Target>, lanes: &[Lane]) -> Measured {
    Measured {
        title,
        unit: "ns a task".to_owned(),
        series: rounds::interleaved(size.n_rounds, lanes),
        targets,
    }
}

fn from_one<C: Contender>(n_workers: usize, n: u64) -> f64 {
    let contender = warm::<C>(n_workers);
    let started = Instant::now();
    submit_and_collect(&contender, n);
    started.elapsed().as_nanos() as f64 / n as f64
}

fn from_four<C: Contender>(n_workers: usize, n: u64) -> f64 {
    let contender = warm::<C>(n_workers);
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..N_SUBMITTERS {
            scope.spawn(|| submit_and_collect(&contender, n / N_SUBMITTERS));
        }
    });
    started.elapsed().as_nanos() as f64 / n as f64
}

fn submit_and_collect<C: Contender>(contender: &C, n: u64) {
    let handles: Vec<_> = (0..n)
        .map(|i| contender.submit(move || black_box(i)))
        .collect();
    assert_eq!(
        contender.sum(handles),
        n * (n - 1) / 2,
        "{} lost a result",
        C::NAME
    );
}
