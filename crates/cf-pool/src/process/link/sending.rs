//! Sending frames to a worker.

use std::{cell::Cell, sync::atomic::Ordering, time::Instant};

use cf_core::sync::lock;

use super::{InFlight, Link, Stop};
use crate::process::{
    frame::{Draft, Kind},
    job::Job,
    ring::{Patience, Ring, Writer},
};

thread_local! {
    /// Kept by the threads that submit, so that a small frame allocates nothing.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// More than this is not kept.
const MAX_SCRATCH_BYTES: usize = 64 << 10;

/// The parent's side of the requests.
pub(super) struct Sending {
    pub(super) writer: Writer,
    pub(super) next_id: u64,
}

/// What became of a job that was to be sent.
pub(crate) enum Outcome {
    Sent,
    /// None of its calls could be encoded, or there is none.
    Settled(Box<dyn Job>),
    /// Somebody asked it to stop while it waited to be sent again.
    Stopped(Box<dyn Job>),
    Cancelled,
    /// It does not fit beside what is there.
    NoRoom(Box<dyn Job>),
    /// The worker is gone.
    Closed(Box<dyn Job>),
}

impl Sending {
    pub(super) fn new(requests: Ring) -> Self {
        Self {
            writer: Writer::new(requests),
            next_id: 1,
        }
    }
}

impl Link {
    /// Sends a job; where there is not room for all of it at once, only with `patience`, and only to an idle worker.
    pub(crate) fn send(
        &self,
        mut job: Box<dyn Job>,
        patience: Option<&mut dyn Patience>,
    ) -> Outcome {
        if job.current().is_none() {
            return Outcome::Settled(job);
        }
        if job.is_asked_to_stop() {
            return Outcome::Stopped(job);
        }
        let mut refused = Vec::new();
        let mut draft = Draft::new(SCRATCH.take());
        job.draft(&mut draft, &mut refused);
        while !refused.is_empty() {
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
        let is_streamed = !self.has_room(&mut sending, draft.n_bytes());
        let verdict = if self.is_closed() {
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
        let entry = InFlight {
            id,
            start: sending.writer.tail(),
            is_timed,
            n_answered: 0,
            is_begun: false,
            since: Instant::now(),
            stop: Stop::NotAsked,
            task: job.id(),
            is_asked_to_stop: false,
            current: job.current(),
            job: None,
        };
        self.add(entry, &*job);
        let mut patience = patience.filter(|_| is_streamed);
        for part in draft.parts() {
            match &mut patience {
                None => sending.writer.put(part),
                Some(patience) => {
                    if let Err(broken) = sending.writer.stream(part, *patience) {
                        // The worker is gone or must go, and then its keeper finds what it was sent.
                        self.denounce(broken);
                        break;
                    }
                }
            }
        }
        keep(draft.into_bytes());
        if let Some(entry) = lock(&self.in_flight).back_mut() {
            entry.job = Some(job);
            // The way of a large argument is no part of the call.
            entry.is_next();
        }
        let is_called = !self.is_closed() && sending.writer.publish();
        drop(sending);
        if is_called {
            self.ring();
        }
        if is_timed {
            self.wake_keeper();
        }
        Outcome::Sent
    }

    /// Whether so many bytes can be written without waiting.
    fn has_room(&self, sending: &mut Sending, n_bytes: usize) -> bool {
        let mut has_room = sending.writer.has_room(n_bytes);
        if has_room == Ok(false) && lock(&self.in_flight).is_empty() {
            // All was answered or recalled; of the latter the worker learns when it looks for work.
            sending.writer.all_is_read();
            has_room = sending.writer.has_room(n_bytes);
        }
        has_room.unwrap_or_else(|broken| {
            self.denounce(broken);
            false
        })
    }

    /// Notes what is being sent. A request to stop that comes before finds the job's mark set, one that comes after finds it here.
    fn add(&self, mut entry: InFlight, job: &dyn Job) {
        let mut in_flight = lock(&self.in_flight);
        entry.is_asked_to_stop = job.is_asked_to_stop();
        let is_asked_to_stop = entry.is_asked_to_stop;
        in_flight.push_back(entry);
        drop(in_flight);
        if is_asked_to_stop {
            self.stop_requested.store(true, Ordering::SeqCst);
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
