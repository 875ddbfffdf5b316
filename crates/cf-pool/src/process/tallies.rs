//! What a process pool has done, and how its jobs get their outcomes.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use cf_core::{
    Error,
    sync::{Mutex, lock},
    unwind,
};

use crate::{
    histogram::{Histogram, Recorder},
    process::{
        callbacks::Callbacks,
        job::{Job, Tally},
    },
};

pub(crate) struct Tallies {
    pub(crate) callbacks: Callbacks,
    completed: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
    run_time: Mutex<Recorder>,
    queue_wait: Mutex<Recorder>,
}

impl Tallies {
    pub(crate) fn new() -> Self {
        Self {
            callbacks: Callbacks::default(),
            completed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            run_time: Mutex::new(Recorder::new()),
            queue_wait: Mutex::new(Recorder::new()),
        }
    }

    /// Gives a job's outcome to its future; all its calls are settled.
    pub(crate) fn finish(&self, job: Box<dyn Job>) {
        self.count(job.tally());
        unwind::contain("drop of a value", || job.finish(&self.callbacks));
    }

    pub(crate) fn fail(&self, mut job: Box<dyn Job>, error: Error) {
        job.fail(error);
        self.finish(job);
    }

    /// Cancels a job that counts as running.
    pub(crate) fn cancel(&self, job: Box<dyn Job>) {
        self.count(Tally {
            cancelled: 1,
            ..Tally::default()
        });
        unwind::contain("drop of a value", || job.cancel(&self.callbacks));
    }

    fn count(&self, tally: Tally) {
        for (counter, n) in [
            (&self.completed, tally.completed),
            (&self.failed, tally.failed),
            (&self.cancelled, tally.cancelled),
        ] {
            if n > 0 {
                counter.fetch_add(n, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn cancelled_in_queue(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn run_time(&self, duration: Duration) {
        lock(&self.run_time).record(duration, 1);
    }

    pub(crate) fn queue_wait(&self, duration: Duration) {
        lock(&self.queue_wait).record(duration, 1);
    }

    pub(crate) fn counts(&self) -> Tally {
        Tally {
            completed: self.completed.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            cancelled: self.cancelled.load(Ordering::Relaxed),
        }
    }

    /// How long calls waited, and how long they ran.
    pub(crate) fn histograms(&self) -> [Histogram; 2] {
        [&self.queue_wait, &self.run_time].map(|recorder| {
            let mut histogram = Histogram::default();
            lock(recorder).add_to(&mut histogram);
            histogram
        })
    }
}
