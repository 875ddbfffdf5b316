//! Efficiency: tasks that compute for a while; the time they take over the time that two busy cores would need.
//!
//! A task is a fixed amount of computing, calibrated once in each process, not a span on the clock: a span would run on
//! while its thread is preempted, and hide what the pool costs.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use crate::{
    case::Case,
    contenders::{Contender, RayonOneshot, SpawnBlocking, lanes, warm},
    measured::{Measured, Target},
    rounds::{self, Size},
};

const N_WORKERS: usize = 2;
const MICROSECOND: Duration = Duration::from_micros(1);
const N_CALIBRATIONS: usize = 50;
const N_STEPS_CALIBRATED: u64 = 500_000;

/// What the tasks of a case are like.
#[derive(Clone, Copy)]
enum Shape {
    /// All the same.
    Even(Duration),
    /// One in a hundred is a hundred times as long: 10 microseconds and 1 millisecond.
    HeavyTail,
}

impl Shape {
    fn name(self) -> String {
        match self {
            Self::Even(length) => format!("tasks of {} us", length.as_micros()),
            Self::HeavyTail => "tasks of 10 us, each hundredth of 1 ms".to_owned(),
        }
    }

    fn length(self, index: u64) -> Duration {
        match self {
            Self::Even(length) => length,
            Self::HeavyTail if index.is_multiple_of(100) => MICROSECOND * 1000,
            Self::HeavyTail => MICROSECOND * 10,
        }
    }

    /// Only these have a target; a task of 1 us is throughput, and one of 1 ms hides any pool.
    fn has_target(self) -> bool {
        matches!(self, Self::Even(length) if length == MICROSECOND * 10 || length == MICROSECOND * 100)
    }
}

pub(crate) fn cases(size: Size) -> Vec<Case> {
    let even = [1, 10, 100, 1000].map(|n| Shape::Even(MICROSECOND * n));
    even.into_iter()
        .chain([Shape::HeavyTail])
        .map(|shape| case(shape, size))
        .collect()
}

fn case(shape: Shape, size: Size) -> Case {
    Case::new(format!("efficiency/{}", shape.name()), move || {
        let steps = steps_a_microsecond();
        let series = rounds::interleaved(
            size.n_rounds,
            &lanes!(once(shape, size.spinning, steps): Ours, SpawnBlocking, RayonOneshot, AsyncTaskPool),
        );
        let peers = [SpawnBlocking::NAME, RayonOneshot::NAME];
        let targets = vec![Target::ratio(
            "best of spawn_blocking and rayon",
            &peers,
            1.0,
        )];
        vec![Measured {
            title: format!("efficiency, {}, 2 workers", shape.name()),
            unit: "time over the ideal".to_owned(),
            series,
            targets: if shape.has_target() {
                targets
            } else {
                Vec::new()
            },
        }]
    })
}

fn once<C: Contender>(shape: Shape, total: Duration, steps_a_microsecond: f64) -> f64 {
    let lengths = lengths(shape, total);
    let ideal = lengths.iter().sum::<Duration>() / N_WORKERS as u32;
    let contender = warm::<C>(N_WORKERS);
    let started = Instant::now();
    let handles = lengths
        .iter()
        .map(|length| {
            let n_steps = (length.as_secs_f64() * 1e6 * steps_a_microsecond) as u64;
            contender.submit(move || compute(n_steps) & 1)
        })
        .collect();
    black_box(contender.sum(handles));
    started.elapsed().as_secs_f64() / ideal.as_secs_f64()
}

fn lengths(shape: Shape, total: Duration) -> Vec<Duration> {
    let mut sum = Duration::ZERO;
    (0..)
        .map(|index| shape.length(index))
        .take_while(|length| {
            let before = sum;
            sum += *length;
            before < total
        })
        .collect()
}

/// The best of many tries: a try that was disturbed says that the core is slower than it is.
fn steps_a_microsecond() -> f64 {
    let a_try = || {
        let started = Instant::now();
        black_box(compute(black_box(N_STEPS_CALIBRATED)));
        N_STEPS_CALIBRATED as f64 / (started.elapsed().as_secs_f64() * 1e6)
    };
    (0..N_CALIBRATIONS).map(|_| a_try()).fold(0.0, f64::max)
}

/// Steps of a chain that no compiler shortens and no core overlaps.
fn compute(n_steps: u64) -> u64 {
    (0..n_steps).fold(black_box(1), |x: u64, _| {
        let x = x ^ (x << 13);
        let x = x ^ (x >> 7);
        x ^ (x << 17)
    })
}
