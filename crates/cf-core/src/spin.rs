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
/// After as many finds on one core in a row a thread sleeps once, so that the system, when it wakes it, may give it another core.
const MAX_HASTY: u32 = 64;
/// Having slept for less means that a look would have paid.
const SHORT_SLEEP: Duration = Duration::from_micros(50);

/// How many glances in vain a task in an event loop, which has others to run, makes in a row; one is about 1 µs.
const MAX_GLANCES: u32 = 4;
/// A yield that took longer went to somebody who did not give the core back soon.
const LOST_SLICE: Duration = Duration::from_micros(50);
/// For how long a loop does not yield after that.
const BAN: Duration = Duration::from_millis(100);
/// Two that wake each other by turns take less than this for a turn; were both awake, it would be a tenth of that or less.
const SOON: Duration = Duration::from_micros(100);
/// After as many such turns in a row, one long look tries to get in step.
const N_TURNS: i32 = 3;
/// Rounds of a long look, about 80 µs: the time in which a loop of several threads wakes up and answers.
const LONG_ROUNDS: u32 = 100;
/// How many turns the next long look must wait when one was in vain.
const PENANCE: i32 = -60;

thread_local! {
    static GLANCES: Cell<u32> = const { Cell::new(MAX_GLANCES) };
    static GLANCE_LOOKS: Cell<u32> = const { Cell::new(PATIENT) };
    static BANNED: Cell<Option<Instant>> = const { Cell::new(None) };
    static TURNS: Cell<i32> = const { Cell::new(0) };
    static IS_LONG: Cell<bool> = const { Cell::new(false) };
    static N_HASTY: Cell<u32> = const { Cell::new(0) };
    static ROUNDS: Cell<u32> = const { Cell::new(MAX_ROUNDS) };
    static LOOKS: Cell<u32> = const { Cell::new(PATIENT) };
}

/// Looks until `found` for as long as it has paid lately; true if it was found.
pub fn look(mut found: impl FnMut() -> bool) -> bool {
    if cfg!(cf_loom) {
        return found();
    }
    if N_HASTY.with(Cell::get) >= MAX_HASTY {
        N_HASTY.with(|n| n.set(0));
        return found();
    }
    let is_long = IS_LONG.with(Cell::get) || TURNS.with(Cell::get) >= N_TURNS;
    let (rounds, yield_limit) = if is_long {
        (LONG_ROUNDS, SOON)
    } else {
        (ROUNDS.with(Cell::get), YIELD_LIMIT)
    };
    let n_looks = LOOKS.with(Cell::get);
    for round in 0..rounds {
        for _ in 0..n_looks {
            if found() {
                paid(PATIENT, round);
                return true;
            }
            hint::spin_loop();
        }
        let before = Instant::now();
        thread::yield_now();
        let away = before.elapsed();
        if away > SWITCHED && found() {
            paid(HASTY, round);
            return true;
        }
        if away > yield_limit {
            break;
        }
    }
    if is_long {
        IS_LONG.with(|long| long.set(false));
        TURNS.with(|turns| turns.set(PENANCE));
    }
    ROUNDS.with(|cell| cell.set(cell.get() / 2));
    LOOKS.with(|cell| cell.set(PATIENT));
    found()
}

/// A look paid after so many rounds: the next one is to be like it.
fn paid(n_looks: u32, round: u32) {
    IS_LONG.with(|long| long.set(round >= MAX_ROUNDS));
    TURNS.with(|turns| turns.set(0));
    ROUNDS.with(|rounds| rounds.set(MAX_ROUNDS));
    LOOKS.with(|looks| looks.set(n_looks));
    N_HASTY.with(|n| n.set(if n_looks == HASTY { n.get() + 1 } else { 0 }));
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
///
/// It yields once, in case the partner needs this core; where that lost a time slice to somebody else, not again for a while.
pub fn glance(mut found: impl FnMut() -> bool) -> bool {
    if cfg!(cf_loom) {
        return false;
    }
    let n_glances = GLANCES.with(Cell::get);
    if n_glances == 0 {
        return false;
    }
    let n_looks = GLANCE_LOOKS.with(Cell::get);
    for _ in 0..n_looks {
        if found() {
            GLANCES.with(|glances| glances.set(MAX_GLANCES));
            GLANCE_LOOKS.with(|looks| looks.set(PATIENT));
            return true;
        }
        hint::spin_loop();
    }
    let before = Instant::now();
    if BANNED.with(Cell::get).is_none_or(|until| before >= until) {
        thread::yield_now();
        let now = Instant::now();
        if now - before > LOST_SLICE {
            BANNED.with(|banned| banned.set(Some(now + BAN)));
        }
    }
    if found() {
        GLANCES.with(|glances| glances.set(MAX_GLANCES));
        GLANCE_LOOKS.with(|looks| looks.set(HASTY));
        return true;
    }
    GLANCES.with(|glances| glances.set(n_glances - 1));
    GLANCE_LOOKS.with(|looks| looks.set(PATIENT));
    false
}

/// Learns from how long an answer took to come whether glancing would have paid.
pub fn learn_from_answer(asked: Instant) {
    if asked.elapsed() < SOON {
        GLANCES.with(|glances| glances.set(MAX_GLANCES));
    }
}
