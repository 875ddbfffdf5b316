//! A set of futures that one task waits for: each reports its end once.

use std::{
    collections::HashSet,
    task::{Context, Poll, ready},
};

use cf_core::bridge::Completions;

use crate::future_like::FutureLike;

/// Distinct futures in input order, and which of them have ended so far.
pub(crate) struct Set<F: FutureLike> {
    items: Vec<Option<F>>,
    n_items: usize,
    n_unarrived: usize,
    has_failure: bool,
    /// The places of those that have arrived and were not taken, the next one last.
    arrived: Vec<u32>,
    completions: Completions,
}

impl<F: FutureLike> Set<F> {
    pub(crate) fn new(futures: impl IntoIterator<Item = F>) -> Self {
        let completions = Completions::new();
        let mut seen = HashSet::new();
        let items: Vec<_> = futures
            .into_iter()
            .filter(|future| seen.insert(future.identity()))
            .map(Some)
            .collect();
        let mut arrived = Vec::new();
        let mut has_failure = false;
        for (index, item) in (0_u32..).zip(items.iter().flatten()) {
            if !item.watch(&completions, index) {
                arrived.push(index);
                has_failure |= item.has_failed();
            }
        }
        arrived.reverse();
        Self {
            n_items: items.len(),
            n_unarrived: items.len() - arrived.len(),
            items,
            has_failure,
            arrived,
            completions,
        }
    }

    /// How many distinct futures were given.
    pub(crate) fn len(&self) -> usize {
        self.n_items
    }

    pub(crate) fn n_unarrived(&self) -> usize {
        self.n_unarrived
    }

    pub(crate) fn n_left(&self) -> usize {
        self.n_unarrived + self.arrived.len()
    }

    pub(crate) fn has_failure(&self) -> bool {
        self.has_failure
    }

    /// Ready once `enough` more have arrived, or one that failed if that suffices.
    pub(crate) fn poll_arrivals(
        &mut self,
        enough: usize,
        failure_suffices: bool,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        ready!(self.completions.poll(enough, failure_suffices, context));
        let (mut new, has_failure) = self.completions.take();
        self.n_unarrived -= new.len();
        self.has_failure |= has_failure;
        new.reverse();
        new.append(&mut self.arrived);
        self.arrived = new;
        Poll::Ready(())
    }

    /// Takes the next one that has ended, if one has.
    pub(crate) fn next_arrived(&mut self) -> Option<F> {
        let index = self.arrived.pop()?;
        self.items[index as usize].take()
    }

    pub(crate) fn take_items(&mut self) -> Vec<F> {
        self.unwatch();
        std::mem::take(&mut self.items)
            .into_iter()
            .flatten()
            .collect()
    }

    fn unwatch(&self) {
        if self.n_unarrived > 0 {
            for item in self.items.iter().flatten() {
                item.unwatch(&self.completions);
            }
        }
    }
}

/// Nothing is left behind in the futures.
impl<F: FutureLike> Drop for Set<F> {
    fn drop(&mut self) {
        self.unwatch();
    }
}
