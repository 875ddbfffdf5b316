//! The completion queue of a set of futures: ended ones put their place in it, one thread takes them out.

use std::mem;

use crate::sync::{Mutex, Thread, lock};

/// Where the futures of one `wait` or `as_completed` report their end.
#[derive(Debug, Default)]
pub(crate) struct Arrivals(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    arrived: Vec<u32>,
    /// One of those in `arrived` has failed.
    has_failure: bool,
    sleeper: Option<Sleeper>,
}

/// The thread to be woken, and when.
#[derive(Debug)]
struct Sleeper {
    thread: Thread,
    enough: usize,
    failure_wakes: bool,
}

impl Arrivals {
    pub(crate) fn arrive(&self, index: u32, failed: bool) {
        let mut state = lock(&self.0);
        state.arrived.push(index);
        state.has_failure |= failed;
        let n = state.arrived.len();
        let sleeper = state
            .sleeper
            .take_if(|sleeper| n >= sleeper.enough || (failed && sleeper.failure_wakes));
        drop(state);
        if let Some(sleeper) = sleeper {
            sleeper.thread.unpark();
        }
    }

    /// Takes the places that have arrived since the last call, and whether one of them has failed.
    pub(crate) fn take(&self) -> (Vec<u32>, bool) {
        let mut state = lock(&self.0);
        (
            mem::take(&mut state.arrived),
            mem::take(&mut state.has_failure),
        )
    }

    pub(crate) fn has_arrivals(&self) -> bool {
        !lock(&self.0).arrived.is_empty()
    }

    pub(crate) fn has(&self, enough: usize) -> bool {
        lock(&self.0).arrived.len() >= enough
    }

    /// Has `thread` woken when `enough` have arrived, or, with `failure_wakes`, at the first failure.
    pub(crate) fn wake(&self, thread: Thread, enough: usize, failure_wakes: bool) {
        let mut state = lock(&self.0);
        if state.arrived.len() < enough && !(failure_wakes && state.has_failure) {
            state.sleeper = Some(Sleeper {
                thread,
                enough,
                failure_wakes,
            });
        }
    }

    /// Whether the wake-up that was asked for has been given, or need not be.
    pub(crate) fn is_woken(&self) -> bool {
        lock(&self.0).sleeper.is_none()
    }

    pub(crate) fn stop_waking(&self) {
        lock(&self.0).sleeper = None;
    }
}
