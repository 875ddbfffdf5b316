//! The completion queue of a set of futures: ended ones put their place in it, one waiter takes them out.

use std::{mem, task::Waker};

use crate::{
    sync::{Mutex, Thread, lock},
    unwind,
};

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

/// Who is to be woken, and when.
#[derive(Debug)]
struct Sleeper {
    who: Who,
    enough: usize,
    failure_wakes: bool,
}

/// A thread or an asynchronous task that waits for a set.
#[derive(Debug)]
pub(crate) enum Who {
    Thread(Thread),
    Task(Waker),
}

impl Who {
    fn wake(self) {
        match self {
            Self::Thread(thread) => thread.unpark(),
            Self::Task(waker) => unwind::wake([waker]),
        }
    }
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
            sleeper.who.wake();
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

    /// Has `who` woken when `enough` have arrived, or, with `failure_wakes`, at the first failure; false if that has come.
    pub(crate) fn wake(&self, who: Who, enough: usize, failure_wakes: bool) -> bool {
        let mut state = lock(&self.0);
        let is_enough = state.arrived.len() >= enough || (failure_wakes && state.has_failure);
        let mut sleeper = Some(Sleeper {
            who,
            enough,
            failure_wakes,
        });
        let unneeded = if is_enough { sleeper.take() } else { None };
        let older = mem::replace(&mut state.sleeper, sleeper);
        drop(state);
        // A waker is foreign code, its drop as well.
        drop((older, unneeded));
        !is_enough
    }

    /// Whether the wake-up that was asked for has been given, or need not be.
    pub(crate) fn is_woken(&self) -> bool {
        lock(&self.0).sleeper.is_none()
    }

    pub(crate) fn stop_waking(&self) {
        let sleeper = lock(&self.0).sleeper.take();
        drop(sleeper);
    }
}
