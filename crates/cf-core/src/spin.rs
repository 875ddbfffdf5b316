//! A short look around before a thread goes to sleep, which costs little when it is in vain.
//!
//! Waking a sleeping thread costs 10-40 µs, so a partner who answers within a few microseconds should find us awake. The
//! window is bounded (about 5 µs), gives way to whoever needs this core, and adapts: a thread whose looks were in vain stops
//! looking, and begins again when it finds that it had slept for less than the window. Two threads that wake each other by turns
//! are each asleep when the other looks; so after a few short sleeps in a row one longer look gets them in step.

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

/// Looks of a task in an event loop, which has others to run: about 1 µs, and no yield.
const MAX_GLANCES: u32 = 60;
/// Two that wake each other by turns take less than this for a turn; were both awake, it would be a tenth of that or less.
const SOON: Duration = Duration::from_micros(100);
/// After as many such turns in a row, one long look tries to get in step.
const N_TURNS: i32 = 3;
/// Rounds of a long look: the time in which a sleeper wakes up and answers.
const LONG_ROUNDS: u32 = 40;
/// How many turns the next long look must wait when one was in vain.
const PENANCE: i32 = -60;

thread_local! {
    static GLANCES: Cell<u32> = const { Cell::new(MAX_GLANCES) };
    static TURNS: Cell<i32> = const { Cell::new(0) };
    static ROUNDS: Cell<u32> = const { Cell::new(MAX_ROUNDS) };
    static LOOKS: Cell<u32> = const { Cell::new(PATIENT) };
}

/// Looks until `found` for as long as it has paid lately; true if it was found.
pub fn look(mut found: impl FnMut() -> bool) -> bool {
    if cfg!(cf_loom) {
        return found();
    }
    let rounds = if TURNS.with(Cell::get) >= N_TURNS {
        TURNS.with(|turns| turns.set(PENANCE));
        LONG_ROUNDS
    } else {
        ROUNDS.with(Cell::get)
    };
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
    ROUNDS.with(|cell| cell.set(cell.get() / 2));
    LOOKS.with(|cell| cell.set(PATIENT));
    found()
}

fn paid(n_looks: u32) {
    TURNS.with(|turns| turns.set(0));
    ROUNDS.with(|rounds| rounds.set(MAX_ROUNDS));
    LOOKS.with(|looks| looks.set(n_looks));
}

/// Runs `sleep` and learns from its length whether looking would have paid.
pub fn learn_from<R>(sleep: impl FnOnce() -> R) -> R {
    let before = Instant::now();
    let outcome = sleep();
    let slept = before.elapsed();
    if slept < SHORT_SLEEP {
        ROUNDS.with(|rounds| rounds.set(MAX_ROUNDS));
    }
    TURNS.with(|turns| turns.set(if slept < SOON { turns.get() + 1 } else { 0 }));
    outcome
}

/// Looks for a moment, where a thread must not stay, for as long as it has paid lately; true if it was found.
pub fn glance(mut found: impl FnMut() -> bool) -> bool {
    if cfg!(cf_loom) {
        return false;
    }
    let n_glances = GLANCES.with(Cell::get);
    for _ in 0..n_glances {
        if found() {
            GLANCES.with(|glances| glances.set(MAX_GLANCES));
            return true;
        }
        hint::spin_loop();
    }
    GLANCES.with(|glances| glances.set(n_glances / 2));
    false
}

/// Learns from how long an answer took to come whether glancing would have paid.
pub fn learn_from_answer(asked: Instant) {
    if asked.elapsed() < SOON {
        GLANCES.with(|glances| glances.set(MAX_GLANCES));
    }
}
