//! One future of many.

use std::{mem, sync::Arc};

use crate::{
    error::Error,
    future::Future,
    hooks::run_chain,
    promise::Promise,
    sync::{Mutex, lock},
    unwind,
    waitable::Waitables,
};

/// Gives a future of all the values, in the order of `futures`.
///
/// The first failure fails it at once; the others keep running, and what they give is dropped. A cancelled one fails it
/// with [`Error::Cancelled`], which is a failure there and not a cancellation. Cancelling it cancels all that have not
/// started. Without futures it is done. Follows `asyncio.gather`.
///
/// # Examples
/// ```
/// use cf_core::{ClosureExecutor, InlineExecutor, gather};
///
/// let executor = InlineExecutor::new();
/// let squares = gather((1..=3).map(|n| executor.spawn(move || n * n)));
/// assert_eq!(squares.result().unwrap(), [1, 4, 9]);
/// ```
pub fn gather<T: Send + 'static>(futures: impl Waitables<Future<T>>) -> Future<Vec<T>> {
    let futures: Vec<_> = futures.into_iter().collect();
    let sources = futures
        .iter()
        .map(|future| Arc::downgrade(&future.node()))
        .collect();
    let (promise, gathered) = Promise::derived(sources);
    let values = futures.iter().map(|_| None).collect();
    let missing = futures.len();
    let gathering = Arc::new(Gathering(Mutex::new(State {
        values,
        missing,
        promise: Some(promise),
    })));
    if missing == 0 {
        gathering.end(Ok(()));
    }
    for (index, future) in futures.into_iter().enumerate() {
        let gathering = Arc::clone(&gathering);
        let now = future.slot().continue_with(Box::new(move |outcome, _| {
            gathering.take_in(index, outcome);
            None
        }));
        run_chain(now);
    }
    gathered
}

struct Gathering<T: Send + 'static>(Mutex<State<T>>);

struct State<T: Send + 'static> {
    values: Vec<Option<T>>,
    missing: usize,
    promise: Option<Promise<Vec<T>>>,
}

impl<T: Send + 'static> Gathering<T> {
    fn take_in(&self, index: usize, outcome: Result<T, Error>) {
        let end = match outcome {
            Err(error) => Err(error),
            Ok(value) => {
                let mut state = lock(&self.0);
                if state.promise.is_none() {
                    drop(state);
                    return unwind::contain("drop of an unwanted value", || drop(value));
                }
                state.values[index] = Some(value);
                state.missing -= 1;
                if state.missing > 0 {
                    return;
                }
                Ok(())
            }
        };
        self.end(end);
    }

    fn end(&self, end: Result<(), Error>) {
        let mut state = lock(&self.0);
        let Some(promise) = state.promise.take() else {
            return;
        };
        let values = mem::take(&mut state.values);
        drop(state);
        match end {
            Ok(()) => promise.set_outcome(Ok(values.into_iter().flatten().collect())),
            Err(error) => {
                promise.set_outcome(Err(error));
                unwind::contain("drop of unwanted values", || drop(values));
            }
        }
    }
}
