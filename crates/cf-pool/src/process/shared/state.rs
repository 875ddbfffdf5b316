//! What is under the lock of a process pool: the queue, and the places of its workers.

use std::{collections::VecDeque, sync::Arc, thread::JoinHandle, time::Instant};

use cf_core::BrokenExecutor;
use rustix::process::{Pid, Signal};

use crate::{
    process::{job::Job, link::Link, spawn::signal},
    room::Room,
};

pub(super) struct State {
    pub(super) queue: VecDeque<Queued>,
    pub(super) slots: Vec<Slot>,
    pub(super) room: Room,
    pub(super) keepers: Vec<JoinHandle<()>>,
    pub(super) n_submitted: u64,
    pub(super) n_start_failures: u32,
    pub(super) broken: Option<BrokenExecutor>,
    pub(super) is_shut_down: bool,
    /// By `kill_workers` or `terminate_workers`: nothing is run again.
    pub(super) forced: Option<Signal>,
}

pub(super) struct Queued {
    pub(super) job: Box<dyn Job>,
    /// When it was submitted; `None` once it was sent.
    pub(super) since: Option<Instant>,
}

/// The place of one worker.
#[derive(Default)]
pub(super) struct Slot {
    pub(super) life: Life,
    /// The process, from its start until it is about to be waited for.
    pub(super) pid: Option<Pid>,
    pub(super) has_lived: bool,
}

#[derive(Default)]
pub(super) enum Life {
    /// No process and no keeper.
    #[default]
    Empty,
    Starting,
    Ready(Arc<Link>),
    /// It takes no more work.
    Leaving,
}

impl Slot {
    pub(super) fn link(&self) -> Option<&Arc<Link>> {
        match &self.life {
            Life::Ready(link) => Some(link),
            _ => None,
        }
    }
}

impl State {
    /// The workers that take work.
    pub(super) fn ready(&self) -> impl Iterator<Item = (usize, &Arc<Link>)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(index, slot)| Some((index, slot.link()?)))
    }

    pub(super) fn n_starting(&self) -> usize {
        let starting = self
            .slots
            .iter()
            .filter(|slot| matches!(slot.life, Life::Starting));
        starting.count()
    }

    /// Jobs that wait for a worker; those that were cancelled do not.
    pub(super) fn n_waiting(&self) -> usize {
        self.queue
            .iter()
            .filter(|queued| queued.job.is_pending())
            .count()
    }

    /// Whether there is such a job.
    pub(super) fn has_waiting(&self) -> bool {
        self.queue.iter().any(|queued| queued.job.is_pending())
    }

    /// At most so many workers that have nothing to do.
    pub(super) fn idle_links(&self, n: usize) -> Vec<Arc<Link>> {
        let idle = self.ready().filter(|(_, link)| link.load() == 0);
        idle.take(n).map(|(_, link)| Arc::clone(link)).collect()
    }

    /// Puts jobs that were taken back to where they were.
    pub(super) fn requeue(&mut self, jobs: Vec<Box<dyn Job>>) {
        for job in jobs.into_iter().rev() {
            self.queue.push_front(Queued { job, since: None });
        }
    }

    /// Sends a signal to all workers.
    pub(super) fn signal_all(&self, what: Signal) {
        for pid in self.slots.iter().filter_map(|slot| slot.pid) {
            // While it is here, it was not waited for, and its number is not given to another.
            signal(pid, what);
        }
    }

    /// Kills the workers that are not ready yet.
    pub(super) fn kill_starting(&self) {
        let starting = self
            .slots
            .iter()
            .filter(|slot| matches!(slot.life, Life::Starting));
        for pid in starting.filter_map(|slot| slot.pid) {
            signal(pid, Signal::KILL);
        }
    }

    /// The signal for a worker that is started just now and is not wanted any more.
    pub(super) fn unwanted(&self) -> Option<Signal> {
        let is_unwanted = self.broken.is_some() || (self.is_shut_down && !self.has_waiting());
        self.forced.or(is_unwanted.then_some(Signal::KILL))
    }

    /// Whether there is neither a worker nor one that is coming.
    pub(super) fn is_deserted(&self) -> bool {
        self.slots.iter().all(Slot::is_empty)
    }
}

impl Slot {
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.life, Life::Empty)
    }
}
