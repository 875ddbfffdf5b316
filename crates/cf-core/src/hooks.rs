//! Who is told when a future ends: watchers, callbacks in order, and at most one continuation that takes the value.

use crate::{
    done::Done,
    error::Error,
    node::{Watch, Watcher},
    state::Phase,
};

/// Called with a look at the outcome.
pub(crate) type Callback<T> = Box<dyn FnOnce(&Done<'_, T>) + Send>;

/// Called with the outcome itself and whether it is a cancellation; returns what is to be done next, so that chains do not recurse.
pub(crate) type Continuation<T> = Box<dyn FnOnce(Result<T, Error>, bool) -> Option<Next> + Send>;

/// The next link of a chain of continuations.
pub(crate) struct Next(pub(crate) Box<dyn FnOnce() -> Option<Next> + Send>);

/// Runs a chain of continuations to its end, one after the other.
pub(crate) fn run_chain(mut next: Option<Next>) {
    while let Some(Next(step)) = next {
        next = step();
    }
}

/// The parties interested in a future's end; nothing is allocated for one watcher.
#[derive(Default)]
pub(crate) enum Hooks<T> {
    #[default]
    Nobody,
    Watcher(Watcher),
    Several(Box<Several<T>>),
}

pub(crate) struct Several<T> {
    pub(crate) callbacks: Vec<Callback<T>>,
    pub(crate) continuation: Option<Continuation<T>>,
    pub(crate) watchers: Vec<Watcher>,
}

impl<T> Hooks<T> {
    pub(crate) fn several(&mut self) -> &mut Several<T> {
        if !matches!(self, Self::Several(_)) {
            let watchers = match std::mem::take(self) {
                Self::Watcher(watcher) => vec![watcher],
                _ => Vec::new(),
            };
            *self = Self::Several(Box::new(Several {
                callbacks: Vec::new(),
                continuation: None,
                watchers,
            }));
        }
        let Self::Several(several) = self else {
            unreachable!("it was just made so")
        };
        several
    }

    pub(crate) fn watch(&mut self, watcher: Watcher) -> Watch {
        match self {
            Self::Nobody => *self = Self::Watcher(watcher),
            Self::Watcher(one) if one.is(&watcher) => return Watch::AlreadyWatched,
            Self::Several(several) if several.watchers.iter().any(|one| one.is(&watcher)) => {
                return Watch::AlreadyWatched;
            }
            _ => self.several().watchers.push(watcher),
        }
        Watch::Registered
    }

    pub(crate) fn unwatch(&mut self, watcher: &Watcher) {
        match self {
            Self::Watcher(one) if one.is(watcher) => *self = Self::Nobody,
            Self::Several(several) => several.watchers.retain(|one| !one.is(watcher)),
            _ => {}
        }
    }

    /// Takes the callbacks that wait to be called, if there are any.
    pub(crate) fn take_callbacks(&mut self) -> Option<Vec<Callback<T>>> {
        let Self::Several(several) = self else {
            return None;
        };
        (!several.callbacks.is_empty()).then(|| std::mem::take(&mut several.callbacks))
    }

    pub(crate) fn take_continuation(&mut self) -> Option<Continuation<T>> {
        let Self::Several(several) = self else {
            return None;
        };
        several.continuation.take()
    }

    pub(crate) fn notify(self, phase: Phase) {
        match self {
            Self::Nobody => {}
            Self::Watcher(watcher) => watcher.notify(phase),
            Self::Several(several) => several
                .watchers
                .into_iter()
                .for_each(|watcher| watcher.notify(phase)),
        }
    }
}
