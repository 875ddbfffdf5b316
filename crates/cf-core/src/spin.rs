//! A short look around before a thread goes to sleep, which costs little when it is in vain.
//!
//! Waking a sleeping thread costs 10-40 µs, so a partner who answers within a few microseconds should find us awake. The
//! window is bounded (about 5 µs), gives way to whoever needs this core, and adapts: a thread whose looks were in vain stops
//! looking, and begins again when it finds that it had slept for less than the window.

use std::{
    cell::Cell,
    hint,
    time::{Duration, Instant},
};

use crate::sync::{thread, thread_local};

/// Rounds of one full look; a round is a burst of looks and one yield, about 1 µs.
const MAX_ROUNDS: u32 = 5;
/// Looks in a burst, where the partner runs on another core.
const PATIENT: u32 = 40;
/// Looks in a burst, where the partner needs this core to answer.
const HASTY: u32 = 3;
/// A yield that took longer let somebody else run here.
const SWITCHED: Duration = Duration::from_nanos(900);
/// A yield that took longer gave the core to somebody who needs it, and not just for an answer.
const YIELD_LIMIT: Duration = Duration::from_micros(4);
/// Having slept for less means that a look would have paid.
const SHORT_SLEEP: Duration = Duration::from_micros(50);

thread_local! {
    static ROUNDS: Cell<u32> = const { Cell::new(MAX_ROUNDS) };
    static LOOKS: Cell<u32> = const { Cell::new(PATIENT) };
}

/// Looks until `found` for as long as it has paid lately; true if it was found.
pub fn look(mut found: impl FnMut() -> bool) -> bool {
    if cfg!(cf_loom) {
        return found();
    }
    let rounds = ROUNDS.with(Cell::get);
    let n_looks = LOOKS.with(Cell::get);
    for _ in 0..rounds {
        for _ in 0..n_looks {
            if found() {
                paid(PATIENT);
                return true;
            }
            hint::spin_loop();
        }
        let before = Instant::now();
        thread::yield_now();
        let away = before.elapsed();
        if away > SWITCHED && found() {
            paid(HASTY);
            return true;
        }
        if away > YIELD_LIMIT {
            return false;
        }
    }
    ROUNDS.with(|cell| cell.set(rounds / 2));
    LOOKS.with(|cell| cell.set(PATIENT));
    found()
}

fn paid(n_looks: u32) {
    ROUNDS.with(|rounds| rounds.set(MAX_ROUNDS));
    LOOKS.with(|looks| looks.set(n_looks));
}

/// Runs `sleep` and learns from its length whether looking would have paid.
pub fn learn_from<R>(sleep: impl FnOnce() -> R) -> R {
    let before = Instant::now();
    let outcome = sleep();
    if before.elapsed() < SHORT_SLEEP {
        ROUNDS.with(|rounds| rounds.set(MAX_ROUNDS));
    }
    outcome
}
