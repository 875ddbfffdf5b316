//! Taking what a worker answers.

use std::{sync::atomic::Ordering, time::Duration};

use cf_core::sync::lock;

use super::Link;
use crate::process::{
    frame::{Broken, Header, Kind, Received, Source},
    job::{Answer, failure},
    ring::{Patience, Reader, Ring},
    tallies::Tallies,
};

/// So much work, by the length of the last calls, is sent ahead of a worker.
const AHEAD: Duration = Duration::from_micros(300);
/// And at most so many frames.
const MAX_DEPTH: usize = 256;
/// For a value from this length on, memory that was used before is worth looking for.
const LARGE_BYTES: u64 = 64 << 10;

const NOT_ASKED: Broken = Broken("an answer to what was not asked");

/// The parent's side of the results.
pub(super) struct Receiving {
    pub(super) reader: Reader,
    pub(super) received: Received,
    /// How long the running frame's calls took so far, and frames on average.
    pub(super) frame_time: Duration,
    pub(super) average: Option<Duration>,
}

impl Receiving {
    pub(super) fn new(results: Ring) -> Self {
        Self {
            reader: Reader::new(results),
            received: Received::default(),
            frame_time: Duration::ZERO,
            average: None,
        }
    }

    /// Whether the next frame is there from beginning to end.
    fn has_complete_frame(&self) -> Result<bool, Broken> {
        let available = self.reader.available()?;
        if available < Header::BYTES {
            return Ok(false);
        }
        let mut bytes = [0; Header::BYTES];
        self.reader.look(&mut bytes);
        let header = Header::from_bytes(&bytes)?;
        Ok((available - Header::BYTES) as u64 >= header.n_bytes)
    }
}

impl Link {
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
        let mut n_settled = 0;
        let mut n_answered = 0;
        loop {
            // The keeper waits for what has begun to come; so it also learns that it never will.
            let is_there = if is_keeper {
                receiving.reader.available()? > 0
            } else {
                receiving.has_complete_frame()?
            };
            if !is_there {
                if is_keeper {
                    receiving.reader.check_freed()?;
                }
                break;
            }
            let mut source = receiving.reader.source(patience);
            let mut bytes = [0; Header::BYTES];
            source.read(&mut bytes)?;
            let header = Header::from_bytes(&bytes)?;
            if header.kind == Kind::Value && header.n_bytes >= LARGE_BYTES {
                self.offer_spare(header.id, &mut receiving.received);
            }
            let mut left = header.n_bytes;
            let mut source = receiving.reader.source(patience);
            receiving.received.read(&mut source, &mut left)?;
            receiving.received.forget_spares();
            if left != 0 {
                return Err(Broken("a frame is longer than its messages"));
            }
            if receiving.reader.free() {
                self.ring();
            }
            n_settled += 1;
            if self.settle(header, receiving, tallies)? {
                n_answered += 1;
            }
        }
        if !is_keeper && n_settled > 0 && self.is_next_watched() {
            self.wake_keeper();
        }
        Ok(n_answered)
    }

    /// The memory of the call's argument serves for its value.
    fn offer_spare(&self, id: u64, received: &mut Received) {
        let mut in_flight = lock(&self.in_flight);
        let Some(front) = in_flight.front_mut().filter(|front| front.id == id) else {
            return;
        };
        front.is_begun = true;
        if let Some(spare) = front.job.as_mut().and_then(|job| job.spare()) {
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
        let claimed = self.requests.positions().head();
        let mut in_flight = lock(&self.in_flight);
        let front = in_flight.front_mut().filter(|front| front.id == header.id);
        let job = front.and_then(|front| {
            let has_begun = front.has_begun(claimed);
            // Whatever the worker says it has claimed, it is not run again.
            front.is_begun = true;
            front.job.take_if(|_| has_begun)
        });
        drop(in_flight);
        let mut job = job.ok_or(NOT_ASKED)?;
        let run_time = Duration::from_nanos(receiving.received.tag);
        tallies.run_time(run_time);
        receiving.frame_time += run_time;
        if header.kind == Kind::Value {
            job.settle(Answer::Value(receiving.received.incoming()));
        } else {
            let task = job.current().map(|current| current.task);
            let error = failure(receiving.received.head(), self.pid(), task);
            job.settle(Answer::Failed(error));
        }
        let current = job.current();
        let is_answered = current.is_none();
        let mut in_flight = lock(&self.in_flight);
        let Some(front) = in_flight.front_mut().filter(|front| front.id == header.id) else {
            return Err(NOT_ASKED);
        };
        if is_answered {
            in_flight.pop_front();
            if let Some(next) = in_flight.front_mut() {
                next.is_next();
            }
            drop(in_flight);
            self.adapt(receiving);
            // Who has the value finds the worker free. A keeper that leaves waits for this with the lock of `receiving`.
            self.load.fetch_sub(1, Ordering::SeqCst);
            tallies.finish(job);
        } else {
            front.current = current;
            front.n_answered += 1;
            front.is_next();
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

    /// Whether the keeper is to look after the next call.
    fn is_next_watched(&self) -> bool {
        lock(&self.in_flight)
            .front()
            .is_some_and(|front| front.is_timed || front.is_asked_to_stop)
    }
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
