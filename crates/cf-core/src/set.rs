//! A set of futures that one thread waits for: each reports its end once, and waiting for all costs O(n) in all.

use std::{collections::HashSet, sync::Arc};

use crate::{
    arrivals::{Arrivals, Who},
    block::{self, Limit},
    error::Error,
    frame,
    graph::Need,
    host,
    node::{self, Watch, Watcher, WatcherId},
    spin,
    state::Phase,
    sync::{self, thread},
    waitable::{Waitable, sealed::Sealed},
};

/// Distinct futures in input order, and which of them have ended so far.
pub(crate) struct Set<F: Waitable> {
    items: Vec<Option<F>>,
    n_items: usize,
    n_unarrived: usize,
    arrivals: Arc<Arrivals>,
    has_failure: bool,
    /// The places of those that have arrived and were not taken, the next one last.
    arrived: Vec<u32>,
}

/// How much of a set is needed before the waiting thread is woken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Enough {
    pub(crate) arrivals: usize,
    pub(crate) failure_suffices: bool,
    pub(crate) need: Need,
}

impl Enough {
    /// The next one, whichever it is.
    pub(crate) const ONE: Self = Self {
        arrivals: 1,
        failure_suffices: true,
        need: Need::AnyOne,
    };
}

impl<F: Waitable> Set<F> {
    pub(crate) fn new(futures: impl IntoIterator<Item = F>) -> Self {
        let arrivals = Arc::new(Arrivals::default());
        let futures = futures.into_iter();
        let mut items = Vec::with_capacity(futures.size_hint().0);
        let mut arrived = Vec::new();
        let mut has_failure = false;
        let mut seen = HashSet::new();
        for future in futures {
            if !future.is_only_handle() && !seen.insert(node::id(future.as_node())) {
                continue;
            }
            let Ok(index) = u32::try_from(items.len()) else {
                unreachable!("four billion futures do not fit in memory")
            };
            if future
                .as_node()
                .watch(Watcher::Set(Arc::clone(&arrivals), index))
                == Watch::Ended
            {
                arrived.push(index);
                has_failure |= future.as_node().phase() == Phase::Failed;
            }
            items.push(Some(future));
        }
        arrived.reverse();
        let n_items = items.len();
        Self {
            n_unarrived: n_items - arrived.len(),
            items,
            n_items,
            arrivals,
            has_failure,
            arrived,
        }
    }

    /// How many distinct futures were given.
    pub(crate) fn len(&self) -> usize {
        self.n_items
    }

    /// Whether one of those that reported their end has failed.
    pub(crate) fn has_failure(&self) -> bool {
        self.has_failure
    }

    /// How many have not reported their end yet.
    pub(crate) fn n_unarrived(&self) -> usize {
        self.n_unarrived
    }

    /// How many have been neither taken out nor reported.
    pub(crate) fn n_left(&self) -> usize {
        self.n_unarrived + self.arrived.len()
    }

    /// Takes the next one that has ended, if one has.
    pub(crate) fn next_arrived(&mut self) -> Option<F> {
        if self.arrived.is_empty() {
            self.collect_arrivals();
        }
        let index = self.arrived.pop()?;
        self.items[index as usize].take()
    }

    /// The futures that have reported their end since the last call.
    pub(crate) fn collect_arrivals(&mut self) {
        let (mut new, has_failure) = self.arrivals.take();
        self.has_failure |= has_failure;
        self.n_unarrived -= new.len();
        new.reverse();
        if !self.arrived.is_empty() {
            new.append(&mut self.arrived);
        }
        self.arrived = new;
    }

    /// Those that are still in the set.
    pub(crate) fn items(&self) -> impl Iterator<Item = &F> {
        self.items.iter().flatten()
    }

    pub(crate) fn into_items(mut self) -> Vec<F> {
        self.unwatch();
        std::mem::take(&mut self.items)
            .into_iter()
            .flatten()
            .collect()
    }

    /// Waits until enough have arrived that were not collected; false if the time ran out first.
    pub(crate) fn wait(&self, enough: Enough, limit: Limit) -> Result<bool, Error> {
        if self.arrivals.has_arrivals() && enough.arrivals <= 1 {
            return Ok(true);
        }
        block::refuse_in_event_loop()?;
        if limit.is_over() {
            return Ok(false);
        }
        self.help(enough.need, limit);
        if spin::look(|| self.arrivals.has(enough.arrivals)) {
            return Ok(true);
        }
        // Only a task that waits without a limit can be part of a circle; for all others the wait costs no look at the set.
        let is_watched = limit.is_untimed() && frame::is_in_task();
        let waiting: Vec<_> = if is_watched {
            self.items()
                .map(Sealed::node)
                .filter(|node| !node.is_done())
                .collect()
        } else {
            Vec::new()
        };
        let asleep = || self.sleep(enough, limit);
        let may_help = limit.is_untimed() && enough.need == Need::AnyOne;
        match block::sleep_if_replaced(enough.need, &waiting, limit, may_help, asleep)? {
            Some(is_woken) => Ok(is_woken),
            None if self.help_with_one() => Ok(true),
            None => block::sleep(enough.need, &waiting, limit, asleep),
        }
    }

    fn sleep(&self, enough: Enough, limit: Limit) -> bool {
        let us = Who::Thread(thread::current());
        self.arrivals
            .wake(us, enough.arrivals, enough.failure_suffices);
        while !self.arrivals.is_woken() {
            if limit.is_over() {
                self.arrivals.stop_waking();
                return false;
            }
            sync::park_until(limit.deadline());
        }
        true
    }

    /// Runs the queued ones here: all of them if all are needed, one if no other thread would.
    fn help(&self, need: Need, limit: Limit) {
        let Some(host) = host::current().filter(|_| limit.is_untimed()) else {
            return;
        };
        match need {
            Need::All => self
                .items()
                .for_each(|item| block::help(item.as_node(), || item.node(), &*host)),
            Need::AnyOne if host.can_be_replaced() => {}
            Need::AnyOne => drop(self.help_with_one()),
        }
    }

    /// Runs queued ones here until one has arrived; false if there is none to run.
    fn help_with_one(&self) -> bool {
        let Some(host) = host::current() else {
            return false;
        };
        self.items().any(|item| {
            if !self.arrivals.has_arrivals() {
                block::help(item.as_node(), || item.node(), &*host);
            }
            self.arrivals.has_arrivals()
        })
    }

    fn unwatch(&self) {
        if self.n_unarrived > 0 {
            let us = WatcherId::Set(Arc::clone(&self.arrivals));
            self.items().for_each(|item| item.as_node().unwatch(&us));
        }
    }
}

/// Nothing is left behind in the futures.
impl<F: Waitable> Drop for Set<F> {
    fn drop(&mut self) {
        self.unwatch();
    }
}
