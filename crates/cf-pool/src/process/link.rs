//! One living worker process as the parent sees it: what was sent to it, and what comes back.

use std::{
    cell::Cell,
    collections::VecDeque,
    os::{fd::AsFd, unix::net::UnixStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use cf_core::sync::{Mutex, lock};
use rustix::{net::SendFlags, process::Pid};

use crate::process::{
    frame::{Broken, Draft, Header, Kind, Received, Source},
    job::{Answer, Job, failure},
    positions::Progress,
    ring::{Patience, Reader, Ring, Writer},
    sys::memory::Mapping,
    tallies::Tallies,
};

/// So much work, by the length of the last calls, is sent ahead of a worker.
const AHEAD: Duration = Duration::from_micros(300);
/// And at most so many frames.
const MAX_DEPTH: usize = 256;

thread_local! {
    /// Kept by the threads that submit, so that a small frame allocates nothing.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// For a value from this length on, memory that was used before is worth looking for.
const LARGE_BYTES: u64 = 64 << 10;
/// More than this is not kept.
const MAX_SCRATCH_BYTES: usize = 64 << 10;

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
    depth: AtomicUsize,
    /// Frames that are with the worker or on their way to it, and all that were sent; counted under the pool's lock, but for
    /// the answers.
    load: AtomicUsize,
    n_sent: AtomicUsize,
    sending: Mutex<Sending>,
    receiving: Mutex<Receiving>,
    in_flight: Mutex<VecDeque<InFlight>>,
}

struct Sending {
    writer: Writer,
    next_id: u64,
    is_closed: bool,
}

struct Receiving {
    reader: Reader,
    received: Received,
    /// How long the running frame's calls took so far, and frames on average.
    frame_time: Duration,
    average: Option<Duration>,
}

/// A frame that was sent and not answered in full.
pub(crate) struct InFlight {
    pub(crate) id: u64,
    /// Where in the ring it begins.
    start: u64,
    pub(crate) is_timed: bool,
    /// Since when it has been the next to be answered: it was sent, or the frame before it was answered.
    pub(crate) since: Instant,
    pub(crate) stop: Stop,
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

/// What became of a job that was to be sent.
pub(crate) enum Outcome {
    Sent,
    /// None of its calls could be encoded.
    Settled(Box<dyn Job>),
    Cancelled,
    /// It does not fit beside what is there.
    NoRoom(Box<dyn Job>),
    /// The worker is gone.
    Closed(Box<dyn Job>),
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
            depth: AtomicUsize::new(1),
            load: AtomicUsize::new(0),
            n_sent: AtomicUsize::new(0),
            sending: Mutex::new(Sending {
                writer: Writer::new(requests.clone()),
                next_id: 1,
                is_closed: false,
            }),
            receiving: Mutex::new(Receiving {
                reader: Reader::new(results.clone()),
                received: Received::default(),
                frame_time: Duration::ZERO,
                average: None,
            }),
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
        limit.map_or(usize::MAX, |limit| {
            limit.saturating_sub(self.n_sent.load(Ordering::SeqCst))
        })
    }

    pub(crate) fn progress(&self) -> &Progress {
        &self.mapping.words().progress
    }

    /// Sends a job; where there is not room for all of it at once, only with `patience`, and only to an idle worker.
    pub(crate) fn send(
        &self,
        mut job: Box<dyn Job>,
        patience: Option<&mut dyn Patience>,
    ) -> Outcome {
        let mut refused = Vec::new();
        let mut draft = Draft::new(SCRATCH.take());
        job.draft(&mut draft, &mut refused);
        if !refused.is_empty() {
            keep(draft.into_bytes());
            for (index, error) in refused.drain(..) {
                job.refuse(index, error);
            }
            if job.current().is_none() {
                return Outcome::Settled(job);
            }
            draft = Draft::new(SCRATCH.take());
            job.draft(&mut draft, &mut refused);
        }
        let is_timed = job.is_timed();
        // Who must not wait does not wait for a large frame of somebody else either.
        let sending = match &patience {
            Some(_) => Ok(lock(&self.sending)),
            None => self.sending.try_lock(),
        };
        let Ok(mut sending) = sending else {
            keep(draft.into_bytes());
            return Outcome::NoRoom(job);
        };
        let Ok(room) = sending.writer.room() else {
            sending.is_closed = true;
            drop((sending, draft));
            self.wake_keeper();
            return Outcome::Closed(job);
        };
        let n_bytes = draft.n_bytes();
        let is_streamed = n_bytes > room;
        let verdict = if sending.is_closed {
            Some(Outcome::Closed as fn(_) -> _)
        } else if is_streamed && (patience.is_none() || !lock(&self.in_flight).is_empty()) {
            Some(Outcome::NoRoom as fn(_) -> _)
        } else if !job.start() {
            Some((|_| Outcome::Cancelled) as fn(_) -> _)
        } else {
            None
        };
        if let Some(verdict) = verdict {
            drop(sending);
            keep(draft.into_bytes());
            return verdict(job);
        }
        let id = sending.next_id;
        // The clock of time limits tells frames apart by 32 bits.
        sending.next_id = (id + 1) & u64::from(u32::MAX);
        draft.finish(if is_timed { Kind::RunTimed } else { Kind::Run }, id);
        let mut entry = InFlight {
            id,
            start: sending.writer.tail(),
            is_timed,
            since: Instant::now(),
            stop: Stop::NotAsked,
            job: None,
        };
        if let Some(patience) = patience.filter(|_| is_streamed) {
            lock(&self.in_flight).push_back(entry);
            for part in draft.parts() {
                // Should the worker die meanwhile, its keeper will find what it was sent.
                if sending.writer.stream(part, patience).is_err() {
                    break;
                }
            }
            keep(draft.into_bytes());
            if let Some(entry) = lock(&self.in_flight).back_mut() {
                entry.job = Some(job);
            }
        } else {
            for part in draft.parts() {
                sending.writer.put(part);
            }
            keep(draft.into_bytes());
            entry.job = Some(job);
            lock(&self.in_flight).push_back(entry);
        }
        let is_called = sending.writer.publish();
        drop(sending);
        if is_called {
            self.ring();
        }
        if is_timed {
            self.wake_keeper();
        }
        Outcome::Sent
    }

    /// Takes what has come: with `patience` all of it, else what is complete, if nobody else is at it. Gives how many frames
    /// were answered in full.
    pub(crate) fn pump(
        &self,
        patience: Option<&mut dyn Patience>,
        tallies: &Tallies,
    ) -> Result<usize, Broken> {
        let is_keeper = patience.is_some();
        let mut ringing = Ringing(self);
        let patience: &mut dyn Patience = match patience {
            Some(patience) => patience,
            None => &mut ringing,
        };
        let mut receiving = if is_keeper {
            lock(&self.receiving)
        } else if let Ok(receiving) = self.receiving.try_lock() {
            receiving
        } else {
            return Ok(0);
        };
        let receiving = &mut *receiving;
        let mut n_answered = 0;
        loop {
            let available = receiving.reader.available()?;
            if available < Header::BYTES {
                break;
            }
            let mut bytes = [0; Header::BYTES];
            receiving.reader.look(&mut bytes);
            let header = Header::from_bytes(&bytes)?;
            let is_complete = (available - Header::BYTES) as u64 >= header.n_bytes;
            if !is_complete && !is_keeper {
                break;
            }
            if header.kind == Kind::Value && header.n_bytes >= LARGE_BYTES {
                self.offer_spare(header.id, &mut receiving.received);
            }
            let mut left = header.n_bytes;
            let mut source = receiving.reader.source(patience);
            source.read(&mut bytes)?;
            receiving.received.read(&mut source, &mut left)?;
            receiving.received.forget_spares();
            if left != 0 {
                return Err(Broken("a frame is longer than its messages"));
            }
            if receiving.reader.free() {
                self.ring();
            }
            if self.settle(header, receiving, tallies)? {
                self.load.fetch_sub(1, Ordering::SeqCst);
                n_answered += 1;
            }
        }
        if !is_keeper && n_answered > 0 && self.is_next_timed() {
            self.wake_keeper();
        }
        Ok(n_answered)
    }

    /// The memory of the call's argument serves for its value.
    fn offer_spare(&self, id: u64, received: &mut Received) {
        let mut in_flight = lock(&self.in_flight);
        let front = in_flight.front_mut().filter(|front| front.id == id);
        let job = front.and_then(|front| front.job.as_mut());
        if let Some(spare) = job.and_then(|job| job.spare()) {
            received.offer(spare);
        }
    }

    /// Gives an answer to whom it belongs; true if that was the frame's last.
    fn settle(
        &self,
        header: Header,
        receiving: &mut Receiving,
        tallies: &Tallies,
    ) -> Result<bool, Broken> {
        if !matches!(header.kind, Kind::Value | Kind::Failure) {
            return Err(Broken("a worker asks its parent to work"));
        }
        let mut in_flight = lock(&self.in_flight);
        let front = in_flight.front_mut().filter(|front| front.id == header.id);
        let job = front.and_then(|front| front.job.take());
        drop(in_flight);
        let mut job = job.ok_or(Broken("an answer to what was not asked"))?;
        let run_time = Duration::from_nanos(receiving.received.tag);
        tallies.run_time(run_time);
        receiving.frame_time += run_time;
        if header.kind == Kind::Value {
            job.settle(Answer::Value(receiving.received.incoming()));
        } else {
            let error = failure(receiving.received.head(), self.pid());
            job.settle(Answer::Failed(error));
        }
        let mut in_flight = lock(&self.in_flight);
        let is_answered = job.current().is_none();
        if is_answered {
            in_flight.pop_front();
            if let Some(next) = in_flight.front_mut() {
                next.since = Instant::now();
            }
            drop(in_flight);
            self.adapt(receiving);
            tallies.finish(job);
        } else if let Some(front) = in_flight.front_mut() {
            front.job = Some(job);
        }
        Ok(is_answered)
    }

    /// Learns from how long a frame took how many may be sent ahead.
    fn adapt(&self, receiving: &mut Receiving) {
        let now = std::mem::take(&mut receiving.frame_time);
        let average = match receiving.average {
            // A long one counts at once.
            Some(average) if now < average => (average * 7 + now) / 8,
            Some(average) => (average + now) / 2,
            None => now,
        };
        receiving.average = Some(average);
        let n_ahead = AHEAD.as_nanos() / average.as_nanos().max(1);
        let depth = 1 + usize::try_from(n_ahead)
            .unwrap_or(MAX_DEPTH)
            .min(MAX_DEPTH - 1);
        self.depth.store(depth, Ordering::Relaxed);
    }

    fn is_next_timed(&self) -> bool {
        lock(&self.in_flight)
            .front()
            .is_some_and(|front| front.is_timed)
    }

    /// Looks at the frame that is next to be answered, and whether the worker has begun with it.
    pub(crate) fn with_front<R>(&self, look: impl FnOnce(&mut InFlight, bool) -> R) -> Option<R> {
        let head = self.requests.positions().head();
        let mut in_flight = lock(&self.in_flight);
        let front = in_flight.front_mut()?;
        let has_begun = front.start < head;
        Some(look(front, has_begun))
    }

    /// Takes back the jobs that the worker has not begun with, unless somebody is sending.
    pub(crate) fn recall(&self) -> Vec<Box<dyn Job>> {
        let Ok(sending) = self.sending.try_lock() else {
            return Vec::new();
        };
        let from = self.requests.positions().recall();
        let mut in_flight = lock(&self.in_flight);
        let n_begun = in_flight.partition_point(|entry| entry.start < from);
        let recalled = in_flight.split_off(n_begun);
        drop((in_flight, sending));
        recalled.into_iter().filter_map(|entry| entry.job).collect()
    }

    /// The worker is gone: nothing is sent to it any more. Gives what it had not answered, in order, and whether it had begun
    /// with the first of them.
    pub(crate) fn close(&self) -> (Vec<InFlight>, bool) {
        lock(&self.sending).is_closed = true;
        let _receiving = lock(&self.receiving);
        let head = self.requests.positions().head();
        let in_flight = std::mem::take(&mut *lock(&self.in_flight));
        let has_begun = in_flight.front().is_some_and(|front| front.start < head);
        (in_flight.into(), has_begun)
    }

    /// Asks the task with this id to stop, if it is here.
    pub(crate) fn request_stop(&self, id: usize) -> bool {
        let is_here = lock(&self.in_flight)
            .iter()
            .any(|entry| entry.job.as_ref().is_some_and(|job| job.id() == id));
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
        let positions = self.requests.positions();
        let is_read = positions.tail() == positions.freed();
        // Without a call to answer, the worker writes nothing.
        if is_read && !self.has_results() && lock(&self.in_flight).is_empty() {
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

/// Keeps the memory of a frame for the next one.
fn keep(bytes: Vec<u8>) {
    if bytes.capacity() <= MAX_SCRATCH_BYTES {
        SCRATCH.set(bytes);
    }
}

/// What the bell says: there is news.
const NEWS: u8 = 1;
/// What the worker's bell says: it has had nothing to do for a while.
pub(crate) const IDLE: u8 = 2;

/// Calls who sleeps at the other end.
pub(crate) fn ring(bell: &impl AsFd) {
    tell(bell, NEWS);
}

/// Sends a byte to the other end; if there are many of them already, it is awake or gone.
pub(crate) fn tell(bell: &impl AsFd, what: u8) {
    let _ = rustix::net::send(bell, &[what], SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
}

/// For who takes complete frames only: calls the worker, and never has to wait.
struct Ringing<'a>(&'a Link);

impl Patience for Ringing<'_> {
    fn call(&mut self) {
        self.0.ring();
    }

    fn wait(&mut self, _: &Ring, _: &mut dyn FnMut() -> bool) -> Result<(), Broken> {
        Err(Broken("a frame is truncated"))
    }
}
