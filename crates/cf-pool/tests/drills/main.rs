//! Drills: what happens to a process pool in bad weather, at length and at random. Each prints its counts.
//!
//! `CF_SHORT=1` makes them shorter, `CF_FULL_DRILLS=1` as long as they are meant.

#![cfg(all(unix, not(cf_loom)))]

mod child;
mod company;
mod deaths;
mod decoder;
mod full_pipe;
#[cfg(target_os = "linux")]
mod leaks;
#[cfg(target_os = "linux")]
mod orphans;
mod random;
mod stopped;
mod sys;

use std::time::Duration;

use cf_core::{Error, Future};

cf_pool::worker_test!();

/// Nothing here takes so long, on any machine.
const LONG: Duration = Duration::from_secs(100);

/// Waits for a result that must come.
fn outcome<T: 'static>(mut future: Future<T>) -> Result<T, Error> {
    future.result_timeout(LONG).expect("a call hangs")
}

/// How many of something: in short, by default, in full.
fn how_many(short: usize, default: usize, full: usize) -> usize {
    if std::env::var_os("CF_FULL_DRILLS").is_some() {
        full
    } else if std::env::var_os("CF_SHORT").is_some() {
        short
    } else {
        default
    }
}
