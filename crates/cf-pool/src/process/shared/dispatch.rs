//! Which worker gets which call.

use std::sync::{Arc, atomic::Ordering};

use cf_core::{Error, Reason};
use rustix::process::Signal;

use super::{
    Pool,
    state::{Life, Queued, Slot, State},
};
use crate::process::{
    job::Job,
    link::{Link, Outcome},
    ring::Patience,
};

/// What a keeper is to do now.
pub(crate) enum Order {
    /// Send these, in order.
    Send(Vec<Box<dyn Job>>),
    /// What another worker has not begun with is in the queue by now.
    LookAgain,
    Sleep,
    /// The worker is not needed any more, or has done its share.
    Leave,
    /// The pool is broken.
    Kill,
}

impl Pool {
    /// Chooses a worker with room: an idle one, or else one that is through with its work soon.
    pub(super) fn reserve(&self, state: &State) -> Option<Arc<Link>> {
        let limit = self.settings.max_tasks_per_child;
        // Rather than to wait behind another call, it has a worker started.
        let can_start = state.n_starting() == 0 && state.slots.iter().any(Slot::is_empty);
        let with_room = state.ready().filter(|(_, link)| {
            let depth = if can_start { 1 } else { link.depth() };
            link.load() < depth && link.n_left(limit) > 0
        });
        let (_, link) = with_room.min_by_key(|(_, link)| link.load())?;
        link.take();
        Some(Arc::clone(link))
    }

    /// Sends a job to a worker where a place was reserved for it, or gives it to the worker's keeper.
    pub(super) fn hand_over(&self, link: &Link, job: Box<dyn Job>) {
        if !self.send(link, vec![job], None) {
            // It has more time, or it finds out what has become of the worker.
            link.wake_keeper();
        }
    }

    /// Sends jobs for which places were reserved, in order; false if some are back in the queue.
    pub(crate) fn send(
        &self,
        link: &Link,
        jobs: Vec<Box<dyn Job>>,
        mut patience: Option<&mut dyn Patience>,
    ) -> bool {
        let mut jobs = jobs.into_iter();
        while let Some(job) = jobs.next() {
            let patience = patience
                .as_mut()
                .map(|patience| &mut **patience as &mut dyn Patience);
            match link.send(job, patience) {
                Outcome::Sent => {
                    self.feed();
                    continue;
                }
                Outcome::Settled(job) if job.start() => self.tallies.finish(job),
                Outcome::Stopped(job) => self.tallies.cancel(job),
                Outcome::Settled(_) | Outcome::Cancelled => {}
                Outcome::NoRoom(job) | Outcome::Closed(job) => {
                    let unsent: Vec<_> = [job].into_iter().chain(jobs).collect();
                    link.put_back(unsent.len());
                    self.take_back(unsent);
                    return false;
                }
            }
            link.put_back(1);
        }
        true
    }

    /// Puts jobs that no worker has begun with back to the front of the queue, and sees to it that somebody looks at them.
    pub(super) fn take_back(&self, jobs: Vec<Box<dyn Job>>) {
        let (stopped, jobs): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| job.is_asked_to_stop());
        stopped.into_iter().for_each(|job| self.tallies.cancel(job));
        let mut state = self.lock();
        if let Some(broken) = state.broken.clone() {
            drop(state);
            for job in jobs {
                let error = Error::BrokenExecutor(broken.clone());
                self.tallies.fail(job, error);
            }
            return;
        }
        if state.forced.is_some() {
            drop(state);
            jobs.into_iter().for_each(|job| self.tallies.cancel(job));
            return;
        }
        if jobs.is_empty() {
            return;
        }
        state.requeue(jobs);
        let idle = state.idle_links(state.queue.len());
        if !idle.is_empty() {
            drop(state);
            idle.iter().for_each(|link| link.wake_keeper());
            return;
        }
        let started = self.start_keeper(&mut state);
        if let Err(error) = started
            && state.is_deserted()
        {
            // Nobody would ever run them.
            let queue = std::mem::take(&mut state.queue);
            let told = self.makes_room(&mut state);
            drop(state);
            told.tell();
            let reason = Reason::NoThread(Arc::new(error));
            for queued in queue {
                self.fail(queued.job, reason.clone().into());
            }
        }
    }

    /// Takes jobs out of the queue for which there are places at a worker.
    pub(crate) fn take_jobs(&self, link: &Link) -> Vec<Box<dyn Job>> {
        let mut state = self.lock();
        if state.queue.is_empty() || state.broken.is_some() || state.forced.is_some() {
            return Vec::new();
        }
        if !state.ready().any(|(_, ready)| std::ptr::eq(&**ready, link)) {
            return Vec::new();
        }
        let limit = self.settings.max_tasks_per_child;
        // As much as the others get, so that all end at the same time.
        let share = state.queue.len().div_ceil(state.ready().count().max(1));
        let n_places = link.depth().saturating_sub(link.load());
        let n = n_places.min(link.n_left(limit)).min(share);
        let taken: Vec<_> = state.queue.drain(..n).collect();
        taken.iter().for_each(|_| link.take());
        let told = self.makes_room(&mut state);
        let idle = state.idle_links(state.queue.len());
        if state.unwanted().is_some() {
            state.kill_starting();
        }
        drop(state);
        idle.iter().for_each(|link| link.wake_keeper());
        told.tell();
        taken
            .into_iter()
            .map(|queued| self.leaves_queue(queued))
            .collect()
    }

    /// Tells a keeper what its worker is to do.
    pub(crate) fn order(&self, index: usize, link: &Arc<Link>) -> Order {
        let jobs = self.take_jobs(link);
        if !jobs.is_empty() {
            return Order::Send(jobs);
        }
        let mut state = self.lock();
        if state.broken.is_some() || state.forced == Some(Signal::KILL) {
            return Order::Kill;
        }
        if link.load() > 0 {
            return Order::Sleep;
        }
        let is_spent = link.n_left(self.settings.max_tasks_per_child) == 0;
        if is_spent || (state.is_shut_down && state.queue.is_empty()) {
            state.slots[index].life = Life::Leaving;
            self.relink(&state);
            return Order::Leave;
        }
        if !state.queue.is_empty() {
            return Order::LookAgain;
        }
        let victim = state
            .ready()
            .map(|(_, link)| link)
            .filter(|link| link.load() > 1)
            .max_by_key(|link| link.load())
            .cloned();
        drop(state);
        let Some(victim) = victim else {
            return Order::Sleep;
        };
        // Said before it looks: who is just sending sees that, or is seen.
        self.is_hungry.store(true, Ordering::SeqCst);
        if self.recall(&victim, false) {
            Order::LookAgain
        } else {
            Order::Sleep
        }
    }

    /// After something was sent to a worker: one that has nothing to do looks again, if it looked too early.
    fn feed(&self) {
        if self.is_hungry.load(Ordering::SeqCst) && self.is_hungry.swap(false, Ordering::SeqCst) {
            let idle = self.lock().idle_links(usize::MAX);
            idle.iter().for_each(|link| link.wake_keeper());
        }
    }

    /// Puts back into the queue what a worker has not begun with, and cancels of it what was asked to stop; true if there was
    /// something. For its own keeper, and for that of an idle worker.
    pub(crate) fn recall(&self, link: &Link, is_keeper: bool) -> bool {
        let recalled = link.recall(is_keeper);
        let is_something = !recalled.is_empty();
        self.put_back(link, recalled);
        is_something
    }

    /// Puts back into the queue what was recalled from a worker.
    pub(crate) fn put_back(&self, link: &Link, recalled: Vec<Box<dyn Job>>) {
        link.put_back(recalled.len());
        self.take_back(recalled);
    }

    /// A waiting thread took answers of a worker: it sends the next calls as well, and leaves all else to the keeper.
    pub(super) fn has_answered(&self, link: &Link) {
        let jobs = self.take_jobs(link);
        if !jobs.is_empty() {
            self.send(link, jobs, None);
        }
        if link.load() == 0 {
            let state = self.lock();
            let needs_keeper = state.is_shut_down
                || link.n_left(self.settings.max_tasks_per_child) == 0
                || !state.queue.is_empty()
                || state.ready().any(|(_, link)| link.load() > 1);
            drop(state);
            if needs_keeper {
                link.wake_keeper();
            }
        }
    }

    pub(super) fn leaves_queue(&self, queued: Queued) -> Box<dyn Job> {
        if let Some(since) = queued.since {
            self.tallies.queue_wait(since.elapsed());
        }
        queued.job
    }
}
