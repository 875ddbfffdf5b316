//! Rounds: every contender of a case in turn, again and again.

use std::{
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use crate::measured::Series;

/// How much work a run does.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) n_rounds: usize,
    pub(crate) n_round_trips: u64,
    pub(crate) n_tiny_tasks: u64,
    pub(crate) n_as_completed: u64,
    pub(crate) n_awaited_in_flight: u64,
    pub(crate) n_ticks: u32,
    pub(crate) n_queued: u64,
    pub(crate) fib: u64,
    pub(crate) idle: Duration,
    pub(crate) trickle: Duration,
    /// Work in one round of the efficiency cases, summed over all workers.
    pub(crate) spinning: Duration,
    /// A case that is not done by then hangs, and its process is killed.
    pub(crate) time_limit: Duration,
}

impl Size {
    pub(crate) const FULL: Self = Self {
        n_rounds: 5,
        n_round_trips: 20_000,
        n_tiny_tasks: 1_000_000,
        n_as_completed: 100_000,
        n_awaited_in_flight: 200_000,
        n_ticks: 1000,
        n_queued: 1_000_000,
        fib: 25,
        idle: Duration::from_secs(5),
        trickle: Duration::from_secs(5),
        spinning: Duration::from_millis(400),
        time_limit: Duration::from_secs(600),
    };

    pub(crate) const QUICK: Self = Self {
        n_rounds: 3,
        n_round_trips: 4_000,
        n_tiny_tasks: 200_000,
        n_as_completed: 50_000,
        n_awaited_in_flight: 50_000,
        n_ticks: 300,
        n_queued: 200_000,
        fib: 21,
        idle: Duration::from_secs(2),
        trickle: Duration::from_secs(1),
        spinning: Duration::from_millis(100),
        time_limit: Duration::from_secs(90),
    };
}

/// A contender's place in a case: its name and one measurement of it.
pub(crate) struct Lane {
    contender: String,
    once: Box<dyn Fn() -> f64>,
}

impl Lane {
    pub(crate) fn new(contender: &str, once: impl Fn() -> f64 + 'static) -> Self {
        Self {
            contender: contender.to_owned(),
            once: Box::new(once),
        }
    }
}

/// Measures all lanes `n_rounds` times, interleaved.
pub(crate) fn interleaved(n_rounds: usize, lanes: &[Lane]) -> Vec<Series> {
    let mut series: Vec<Series> = lanes
        .iter()
        .map(|lane| Series {
            contender: lane.contender.clone(),
            values: Vec::new(),
        })
        .collect();
    for round in 1..=n_rounds {
        for (lane, series) in lanes.iter().zip(&mut series) {
            progress(&format!("round {round} of {n_rounds}: {}", lane.contender));
            series.values.push((lane.once)());
        }
    }
    progress("");
    series
}

/// Says on a terminal what is going on, in place; elsewhere the cases' own lines are enough.
fn progress(line: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        // A progress line that cannot be written is not worth ending a measurement for.
        let _ = write!(
            stderr,
            "\r\x1b[K{}{line}",
            if line.is_empty() { "" } else { "    " }
        );
        let _ = stderr.flush();
    }
}
