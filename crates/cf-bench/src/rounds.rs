//! Rounds: every contender of a case in turn, again and again.

use std::{
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use crate::measured::Series;

/// How much work a run does.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) name: &'static str,
    pub(crate) n_rounds: usize,
    pub(crate) n_round_trips: u64,
    pub(crate) n_tiny_tasks: u64,
    pub(crate) n_as_completed: u64,
    pub(crate) n_awaited_in_flight: u64,
    pub(crate) n_ticks: u32,
    pub(crate) n_process_calls: u64,
    pub(crate) n_small_echoes: u32,
    pub(crate) n_large_echoes: u32,
    pub(crate) n_cold_starts: u32,
    pub(crate) n_kills: u32,
    pub(crate) n_queued: u64,
    pub(crate) fib: u64,
    pub(crate) idle: Duration,
    /// Time for a process pool to fall asleep in: it gives back memory that it has not needed for a second.
    pub(crate) settling: Duration,
    pub(crate) trickle: Duration,
    /// Work in one round of the efficiency cases, summed over all workers.
    pub(crate) spinning: Duration,
    /// A case that is not done by then hangs, and its process is killed.
    pub(crate) time_limit: Duration,
}

impl Size {
    pub(crate) const FULL: Self = Self {
        name: "full",
        n_rounds: 5,
        n_round_trips: 20_000,
        n_tiny_tasks: 1_000_000,
        n_as_completed: 100_000,
        n_awaited_in_flight: 200_000,
        n_ticks: 1000,
        n_process_calls: 100_000,
        n_small_echoes: 500,
        n_large_echoes: 5,
        n_cold_starts: 10,
        n_kills: 10,
        n_queued: 1_000_000,
        fib: 25,
        idle: Duration::from_secs(5),
        settling: Duration::from_secs(2),
        trickle: Duration::from_secs(5),
        spinning: Duration::from_millis(400),
        time_limit: Duration::from_secs(600),
    };

    pub(crate) const QUICK: Self = Self {
        name: "quick: small and noisy",
        n_rounds: 3,
        n_round_trips: 4_000,
        n_tiny_tasks: 200_000,
        n_as_completed: 50_000,
        n_awaited_in_flight: 50_000,
        n_ticks: 300,
        n_process_calls: 20_000,
        n_small_echoes: 200,
        n_large_echoes: 3,
        n_cold_starts: 5,
        n_kills: 5,
        n_queued: 200_000,
        fib: 21,
        idle: Duration::from_secs(2),
        settling: Duration::from_secs(2),
        trickle: Duration::from_secs(1),
        spinning: Duration::from_millis(100),
        time_limit: Duration::from_secs(90),
    };

    pub(crate) const SMOKE: Self = Self {
        name: "smoke: these figures mean nothing",
        n_rounds: 1,
        n_round_trips: 100,
        n_tiny_tasks: 2_000,
        n_as_completed: 1_000,
        n_awaited_in_flight: 2_000,
        n_ticks: 20,
        n_process_calls: 1_000,
        n_small_echoes: 2,
        n_large_echoes: 1,
        n_cold_starts: 2,
        n_kills: 2,
        n_queued: 2_000,
        fib: 12,
        idle: Duration::from_millis(100),
        settling: Duration::from_millis(100),
        trickle: Duration::from_millis(200),
        spinning: Duration::from_millis(10),
        time_limit: Duration::from_secs(90),
    };
}

/// A contender's place in a case: its name and one measurement of it.
pub(crate) struct Lane {
    contender: String,
    once: Option<Box<dyn Fn() -> f64>>,
}

impl Lane {
    pub(crate) fn new(contender: &str, once: impl Fn() -> f64 + 'static) -> Self {
        Self {
            contender: contender.to_owned(),
            once: Some(Box::new(once)),
        }
    }

    /// The place of a contender that this machine does not have: named, and without values.
    pub(crate) fn missing(contender: &str) -> Self {
        Self {
            contender: contender.to_owned(),
            once: None,
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
            if let Some(once) = &lane.once {
                progress(&format!("round {round} of {n_rounds}: {}", lane.contender));
                series.values.push(once());
            }
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
