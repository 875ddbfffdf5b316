//! Who is told when a future ends: watchers, callbacks in order, and at most one continuation that takes the value.

use crate::{
    done::Done,
    error::Error,
    node::{Watch, Watcher, WatcherId},
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

    /// Adds a watcher; the older one of the same party that it replaces is for the caller to drop, outside the lock.
    pub(crate) fn watch(&mut self, watcher: Watcher) -> (Watch, Option<Watcher>) {
        let older = match self {
            Self::Nobody => {
                *self = Self::Watcher(watcher);
                return (Watch::Registered, None);
            }
            Self::Watcher(one) => one.is_replaced_by(&watcher).then_some(one),
            Self::Several(several) => several
                .watchers
                .iter_mut()
                .find(|one| one.is_replaced_by(&watcher)),
        };
        match older {
            Some(older) => {
                let older = std::mem::replace(older, watcher);
                (Watch::AlreadyWatched, Some(older))
            }
            None => {
                self.several().watchers.push(watcher);
                (Watch::Registered, None)
            }
        }
    }

    /// Takes the watchers meant by `id` out, for the caller to drop outside the lock.
    pub(crate) fn unwatch(&mut self, id: &WatcherId) -> Hooks<T> {
        self.take_watchers(|one| one.is(id))
    }

    /// Takes those out that are told when the reader gives up.
    pub(crate) fn take_awaiting(&mut self) -> Hooks<T> {
        self.take_watchers(Watcher::sees_giving_up)
    }

    fn take_watchers(&mut self, is_meant: impl Fn(&Watcher) -> bool) -> Hooks<T> {
        match self {
            Self::Watcher(one) if is_meant(one) => std::mem::take(self),
            Self::Several(several) => {
                let meant = several.watchers.extract_if(.., |one| is_meant(one));
                Self::watched_by(meant.collect())
            }
            _ => Self::Nobody,
        }
    }

    fn watched_by(watchers: Vec<Watcher>) -> Self {
        if watchers.is_empty() {
            return Self::Nobody;
        }
        Self::Several(Box::new(Several {
            callbacks: Vec::new(),
            continuation: None,
            watchers,
        }))
    }

    /// Whether somebody's code is to run when the end comes, and not only a waiter to be woken.
    pub(crate) fn calls_user_code(&self) -> bool {
        matches!(self, Self::Several(several) if !several.callbacks.is_empty() || several.continuation.is_some())
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
