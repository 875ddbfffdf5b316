//! An executor under a map: it counts the ends of its calls, and each item is one call.

use std::{fmt, sync::Arc};

use cf_core::{Callable, Executor, Future, Rejected};
use cf_task::{Batch, Call};

use crate::kit::watch::Watch;

/// An executor that several hold.
pub(super) struct Lent<E> {
    executor: Arc<E>,
    watch: Watch,
    goes_past_the_bound: bool,
}

impl<E> Lent<E> {
    pub(super) fn new(executor: Arc<E>, watch: Watch, goes_past_the_bound: bool) -> Self {
        Self {
            executor,
            watch,
            goes_past_the_bound,
        }
    }
}

impl<E> fmt::Debug for Lent<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").finish_non_exhaustive()
    }
}

impl<E: Executor<C>, C: Callable + 'static> Executor<C> for Lent<E> {
    fn submit(&self, callable: C) -> Future<C::Output> {
        let future = match self.goes_past_the_bound {
            true => self.executor.submit_now(callable),
            false => self.executor.submit(callable),
        };
        self.watch.follow(&future);
        future
    }

    fn try_submit(&self, callable: C) -> Result<Future<C::Output>, Rejected<C>> {
        let future = match self.goes_past_the_bound {
            true => self.executor.submit_now(callable),
            false => self.executor.try_submit(callable)?,
        };
        self.watch.follow(&future);
        Ok(future)
    }

    fn submit_now(&self, callable: C) -> Future<C::Output> {
        let future = self.executor.submit_now(callable);
        self.watch.follow(&future);
        future
    }

    fn room(&self) -> Option<Future<()>> {
        self.executor.room()
    }
}

/// Makes one call of each item.
pub(super) struct Each<F>(F);

impl<F> Each<F> {
    pub(super) fn of(call: F) -> Self {
        Self(call)
    }
}

impl<F> fmt::Debug for Each<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Each").finish_non_exhaustive()
    }
}

impl<T, F: Fn(T) -> Call<u64>> cf_core::Chunker<T> for Each<F> {
    type Output = u64;
    type Chunk = Batch<u64>;

    fn chunk(&self, items: Vec<T>) -> Batch<u64> {
        items.into_iter().map(&self.0).collect()
    }
}
