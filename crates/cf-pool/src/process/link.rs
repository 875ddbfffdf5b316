//! One living worker process as the parent sees it: what was sent to it, and what comes back.

mod receiving;
mod sending;

use std::{
    collections::VecDeque,
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use cf_core::sync::{Mutex, MutexGuard, lock};
use once_cell::sync::OnceCell;
use rustix::process::Pid;

pub(crate) use self::sending::Outcome;
use self::{receiving::Receiving, sending::Sending};
use crate::process::{
    bell::ring,
    frame::Broken,
    job::{Current, Job},
    positions::Progress,
    ring::Ring,
    sys::memory::Mapping,
};

pub(crate) struct Link {
    pub(crate) pid: Pid,
    mapping: Arc<Mapping>,
    pub(crate) results: Ring,
    requests: Ring,
    /// Its other end is the worker's: a byte calls the side that sleeps there.
    pub(crate) bell: UnixStream,
    /// Its other end is the keeper's.
    waker: UnixStream,
    keeper_sleeps: AtomicBool,
    has_news: AtomicBool,
    stop_requested: AtomicBool,
    /// Nothing is sent any more: the worker is gone, or is to go.
    is_closed: AtomicBool,
    /// How it broke the protocol, whoever saw that.
    broken: OnceCell<Broken>,
    depth: AtomicUsize,
    /// Frames that are with the worker or on their way to it, and all that were sent; counted under the pool's lock, but for
    /// the answers.
    load: AtomicUsize,
    n_sent: AtomicUsize,
    sending: Mutex<Sending>,
    receiving: Mutex<Receiving>,
    in_flight: Mutex<VecDeque<InFlight>>,
}

/// A frame that was sent and not answered in full.
pub(crate) struct InFlight {
    pub(crate) id: u64,
    /// Where in the ring it begins.
    start: u64,
    pub(crate) is_timed: bool,
    /// So many of its calls were answered: this is the number of the next one in the frame.
    pub(crate) n_answered: u32,
    /// An answer was begun: it is never run again from the beginning, whatever the worker says later.
    is_begun: bool,
    /// Since when its next call has been the next to be answered: it was sent, or the call before it was answered.
    pub(crate) since: Instant,
    pub(crate) stop: Stop,
    /// The task's mark, as requests to stop name it, and whether there was one.
    task: usize,
    pub(crate) is_asked_to_stop: bool,
    /// The next call to be answered.
    pub(crate) current: Option<Current>,
    /// Missing while it is being sent or settled.
    pub(crate) job: Option<Box<dyn Job>>,
}

/// How far the request to stop a running call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    NotAsked,
    Asked(Instant),
    Terminated(Instant),
    Killed,
}

impl InFlight {
    /// Whether the worker, which has claimed what lies before `head`, has begun with it.
    fn has_begun(&self, head: u64) -> bool {
        self.is_begun || self.start < head
    }

    /// From now on its next call is the next to be answered.
    fn is_next(&mut self) {
        if self.is_timed {
            self.since = Instant::now();
        }
    }
}

impl Link {
    pub(crate) fn new(
        pid: Pid,
        mapping: Arc<Mapping>,
        (requests, results): (Ring, Ring),
        bell: UnixStream,
        waker: UnixStream,
    ) -> Self {
        Self {
            pid,
            bell,
            waker,
            keeper_sleeps: AtomicBool::new(false),
            has_news: AtomicBool::new(false),
            stop_requested: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            broken: OnceCell::new(),
            depth: AtomicUsize::new(1),
            load: AtomicUsize::new(0),
            n_sent: AtomicUsize::new(0),
            sending: Mutex::new(Sending::new(requests.clone())),
            receiving: Mutex::new(Receiving::new(results.clone())),
            in_flight: Mutex::new(VecDeque::new()),
            mapping,
            results,
            requests,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// How many frames may be with the worker: one, and as many more as it will get through soon.
    pub(crate) fn depth(&self) -> usize {
        self.depth.load(Ordering::Relaxed)
    }

    /// A place for one frame is taken.
    pub(crate) fn take(&self) {
        self.load.fetch_add(1, Ordering::SeqCst);
        self.n_sent.fetch_add(1, Ordering::SeqCst);
    }

    /// Frames that were to be sent were not, or were recalled.
    pub(crate) fn put_back(&self, n_frames: usize) {
        self.load.fetch_sub(n_frames, Ordering::SeqCst);
        self.n_sent.fetch_sub(n_frames, Ordering::SeqCst);
    }

    pub(crate) fn load(&self) -> usize {
        self.load.load(Ordering::SeqCst)
    }

    /// How many more frames this process may get.
    pub(crate) fn n_left(&self, limit: Option<usize>) -> usize {
        if self.is_closed() {
            return 0;
        }
        limit.map_or(usize::MAX, |limit| {
            limit.saturating_sub(self.n_sent.load(Ordering::SeqCst))
        })
    }

    pub(crate) fn progress(&self) -> &Progress {
        &self.mapping.words().progress
    }

    /// Looks at the frame that is next to be answered, and whether the worker has begun with it.
    pub(crate) fn with_front<R>(&self, look: impl FnOnce(&mut InFlight, bool) -> R) -> Option<R> {
        let head = self.requests.positions().head();
        let mut in_flight = lock(&self.in_flight);
        let front = in_flight.front_mut()?;
        let has_begun = front.has_begun(head);
        Some(look(front, has_begun))
    }

    /// Takes back the jobs that the worker has not begun with; for others than its keeper not while somebody is sending.
    pub(crate) fn recall(&self, is_keeper: bool) -> Vec<Box<dyn Job>> {
        let sending = if is_keeper {
            lock(&self.sending)
        } else if let Ok(sending) = self.sending.try_lock() {
            sending
        } else {
            return Vec::new();
        };
        self.take_unbegun(sending)
    }

    /// Sends it nothing any more, and takes back what it has not begun with: what it runs from now on, it has begun by now.
    pub(crate) fn retire(&self) -> Vec<Box<dyn Job>> {
        let sending = lock(&self.sending);
        self.is_closed.store(true, Ordering::SeqCst);
        self.take_unbegun(sending)
    }

    fn take_unbegun(&self, sending: MutexGuard<'_, Sending>) -> Vec<Box<dyn Job>> {
        let from = self.requests.positions().recall();
        let mut in_flight = lock(&self.in_flight);
        let n_begun = in_flight.partition_point(|entry| entry.has_begun(from));
        let recalled = in_flight.split_off(n_begun);
        drop((in_flight, sending));
        recalled.into_iter().filter_map(|entry| entry.job).collect()
    }

    /// The worker is gone: nothing is sent to it any more. Gives what it had not answered, in order, and whether it had begun
    /// with the first of them.
    pub(crate) fn close(&self) -> (Vec<InFlight>, bool) {
        let sending = lock(&self.sending);
        self.is_closed.store(true, Ordering::SeqCst);
        drop(sending);
        let _receiving = lock(&self.receiving);
        let head = self.requests.positions().head();
        let in_flight = std::mem::take(&mut *lock(&self.in_flight));
        let has_begun = in_flight.front().is_some_and(|front| front.has_begun(head));
        (in_flight.into(), has_begun)
    }

    /// Whether nothing is sent to it any more.
    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// It broke the protocol: its keeper is to kill it.
    pub(crate) fn denounce(&self, broken: Broken) {
        let _ = self.broken.set(broken);
        self.is_closed.store(true, Ordering::SeqCst);
        self.wake_keeper();
    }

    /// How it broke the protocol, if it did.
    pub(crate) fn broken(&self) -> Option<Broken> {
        self.broken.get().copied()
    }

    /// Asks the task with this id to stop, if it is here.
    pub(crate) fn request_stop(&self, id: usize) -> bool {
        let mut in_flight = lock(&self.in_flight);
        let entry = in_flight.iter_mut().find(|entry| entry.task == id);
        let is_here = entry.is_some();
        entry
            .into_iter()
            .for_each(|entry| entry.is_asked_to_stop = true);
        drop(in_flight);
        if is_here {
            self.stop_requested.store(true, Ordering::SeqCst);
            self.wake_keeper();
        }
        is_here
    }

    pub(crate) fn takes_stop_request(&self) -> bool {
        self.stop_requested.load(Ordering::SeqCst)
            && self.stop_requested.swap(false, Ordering::SeqCst)
    }

    /// Gives the rings' memory back to the system, if nothing is in them and nothing is on its way.
    pub(crate) fn give_back(&self) {
        let Ok(_sending) = self.sending.try_lock() else {
            return;
        };
        // Without a call to answer, the worker reads nothing that counts, and writes nothing.
        if !self.has_results() && lock(&self.in_flight).is_empty() {
            self.mapping.give_back();
        }
    }

    /// Whether results have come.
    pub(crate) fn has_results(&self) -> bool {
        let positions = self.results.positions();
        positions.tail() != positions.freed()
    }

    /// Calls the worker, which sleeps.
    pub(crate) fn ring(&self) {
        ring(&self.bell);
    }

    /// Has the keeper look around.
    pub(crate) fn wake_keeper(&self) {
        self.has_news.store(true, Ordering::SeqCst);
        if self.keeper_sleeps.load(Ordering::SeqCst)
            && self.keeper_sleeps.swap(false, Ordering::SeqCst)
        {
            ring(&self.waker);
        }
    }

    /// Whether the keeper was asked to look around since the last time.
    pub(crate) fn takes_news(&self) -> bool {
        self.has_news.load(Ordering::SeqCst) && self.has_news.swap(false, Ordering::SeqCst)
    }

    pub(crate) fn has_news(&self) -> bool {
        self.has_news.load(Ordering::SeqCst)
    }

    /// The keeper is about to sleep; it must look once more after that.
    pub(crate) fn keeper_lies_down(&self) {
        self.keeper_sleeps.store(true, Ordering::SeqCst);
        self.results.positions().reader_lies_down();
    }

    pub(crate) fn keeper_is_up(&self) {
        self.keeper_sleeps.store(false, Ordering::SeqCst);
        self.results.positions().reader_is_up();
    }

    /// A waiting thread looks for results itself, from here until it leaves.
    pub(crate) fn looker_comes(&self) {
        self.results.positions().looker_comes();
    }

    pub(crate) fn looker_goes(&self) {
        self.results.positions().looker_goes();
        if self.has_results() {
            self.wake_keeper();
        }
    }
}
