//! The typed face of a cell: how futures reach its outcome, whatever its body is.

use std::{sync::Arc, task::Poll};

use crate::{
    error::Error,
    hooks::{Callback, Continuation, Next},
    host::Host,
    node::{Node, Watcher},
};

/// The typed face of a cell, for futures.
pub(crate) trait Slot<T>: Node {
    /// Moves the outcome out, if it is there.
    fn take(&self) -> Option<Result<T, Error>>;

    /// Moves the outcome out, also where another thread is looking at it just now: that is waited for.
    fn take_back(&self) -> Option<Result<T, Error>>;

    /// Moves the outcome out, or has `watcher` told when it can be; with `sees_giving_up` also when the reader gives up.
    fn take_or_watch(&self, watcher: Watcher, sees_giving_up: bool) -> Poll<Result<T, Error>>;

    /// Runs a queued task for its one reader and gives the outcome; gives itself back if there is nothing to run.
    fn run_and_take(self: Arc<Self>, host: &dyn Host)
    -> Result<Result<T, Error>, Arc<dyn Slot<T>>>;

    /// Takes the outcome to look at it; it is to be put back with `restore`.
    fn lend(&self) -> Lend<T>;

    fn restore(&self, outcome: Result<T, Error>);

    /// Has `callback` called at the end, or now if that has come.
    fn call_when_done(&self, callback: Callback<T>);

    /// Hands the outcome to `continuation`; returns what is to be run now if it has come already.
    fn continue_with(&self, continuation: Continuation<T>) -> Option<Next>;
}

/// What became of a wish to look.
pub(crate) enum Lend<T> {
    NotDone,
    /// This very thread is looking at it.
    Recursive,
    Outcome(Result<T, Error>),
}
