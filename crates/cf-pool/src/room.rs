//! Who waits for room in a bounded queue.

use std::collections::VecDeque;

use cf_core::{Future, Promise};

/// Fewer who wait for room are not looked through.
const MIN_UNSORTED: usize = 32;

/// Whether a submission respects the bound of the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Respect,
    Ignore,
}

/// Those who wait for room, and some who gave that up.
#[derive(Default)]
pub(crate) struct Room {
    waiting: VecDeque<Promise<()>>,
    /// How many of them there must be before the next look for those who gave up.
    n_unsorted: usize,
}

/// Those who are to be told of room, after the lock.
#[must_use]
#[derive(Default)]
pub(crate) struct Told(VecDeque<Promise<()>>);

impl Room {
    /// One more waits; those who gave up are to be dropped after the lock.
    pub(crate) fn ask(&mut self) -> (Future<()>, Told) {
        let (promise, room) = Promise::new();
        let abandoned = self.abandoned();
        self.waiting.push_back(promise);
        (room, Told(abandoned))
    }

    /// Tasks have left the queue, in which `n_queued` are left: as many of those who wait for room as there is room for may
    /// try. One of them may have gone, so it is never one call for one place.
    pub(crate) fn made(&mut self, capacity: usize, n_queued: usize) -> Told {
        // An empty queue is the last news there may ever be, so it goes to all of them.
        let mut n_calls = if n_queued == 0 {
            usize::MAX
        } else {
            capacity.saturating_sub(n_queued)
        };
        let mut told = VecDeque::new();
        while n_calls > 0
            && let Some(promise) = self.waiting.pop_front()
        {
            // Who gave up takes no call from who still waits.
            n_calls -= usize::from(!promise.is_cancelled());
            told.push_back(promise);
        }
        Told(told)
    }

    /// There is nothing to wait for any more.
    pub(crate) fn close(&mut self) -> Told {
        Told(std::mem::take(&mut self.waiting))
    }

    /// Takes out those who gave up waiting; only where there may be as many of them as of the others, so that it costs each
    /// who comes the same.
    fn abandoned(&mut self) -> VecDeque<Promise<()>> {
        if self.waiting.len() < self.n_unsorted.max(MIN_UNSORTED) {
            return VecDeque::new();
        }
        let all = std::mem::take(&mut self.waiting);
        let (abandoned, waiting) = all.into_iter().partition(Promise::is_cancelled);
        self.waiting = waiting;
        self.n_unsorted = self.waiting.len() * 2;
        abandoned
    }
}

impl Told {
    pub(crate) fn tell(self) {
        for promise in self.0 {
            // Refused where the wait was cancelled, and then nobody needs to know.
            drop(promise.set_result(()));
        }
    }
}
