//! What one worker shows to the others: its own queue, whether it is free, and what it has done.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use cf_core::{
    host::Ending,
    sync::{
        Mutex, Thread,
        atomic::{AtomicBool, AtomicUsize},
        lock,
    },
};
use crossbeam_utils::CachePadded;

use crate::{
    fifo::Fifo,
    histogram::{Recorder, add},
};

/// One worker's place in the pool.
pub(crate) struct Desk {
    pub(crate) number: usize,
    /// Set by the worker before it looks for work.
    pub(crate) thread: OnceLock<Thread>,
    /// A sleeping worker is to get up.
    pub(crate) is_called: AtomicBool,
    /// Between making a result visible and looking for the next task: whoever submits now need not call anybody.
    pub(crate) is_free: CachePadded<AtomicBool>,
    local: CachePadded<Local>,
    pub(crate) tally: CachePadded<Tally>,
}

/// Tasks that this worker submitted or took ahead; the others may take them from the front.
struct Local {
    n_tasks: AtomicUsize,
    queue: Mutex<Fifo>,
}

impl Desk {
    pub(crate) fn new(number: usize) -> Self {
        Self {
            number,
            thread: OnceLock::new(),
            is_called: AtomicBool::new(false),
            is_free: CachePadded::new(AtomicBool::new(false)),
            local: CachePadded::new(Local {
                n_tasks: AtomicUsize::new(0),
                queue: Mutex::new(Fifo::default()),
            }),
            tally: CachePadded::new(Tally::new()),
        }
    }

    /// How many tasks are in the own queue; a hint for all but the owner.
    pub(crate) fn n_local(&self) -> usize {
        self.local.n_tasks.load(Ordering::Relaxed)
    }

    /// Looks or changes the own queue.
    pub(crate) fn with_local<R>(&self, f: impl FnOnce(&mut Fifo) -> R) -> R {
        let mut queue = lock(&self.local.queue);
        let outcome = f(&mut queue);
        self.local.n_tasks.store(queue.len(), Ordering::Relaxed);
        outcome
    }

    pub(crate) fn call(&self) {
        self.is_called.store(true, Ordering::Release);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

/// What a worker has done; written by that worker only.
pub(crate) struct Tally {
    pub(crate) submitted: AtomicU64,
    pub(crate) started: AtomicU64,
    completed: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
    pub(crate) queue_wait: Recorder,
    pub(crate) run_time: Recorder,
}

impl Tally {
    fn new() -> Self {
        Self {
            submitted: AtomicU64::new(0),
            started: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            queue_wait: Recorder::new(),
            run_time: Recorder::new(),
        }
    }

    pub(crate) fn count(&self, ending: Ending) {
        match ending {
            Ending::Completed => add(&self.completed, 1),
            Ending::Failed => add(&self.failed, 1),
            Ending::Cancelled => add(&self.cancelled, 1),
        }
    }

    pub(crate) fn waited(&self, since: Instant, n_tasks: u32) {
        self.queue_wait.record(since.elapsed(), u64::from(n_tasks));
    }

    pub(crate) fn add_to(&self, sum: &mut Sum) {
        // Ends are read before starts and starts before submissions, so that no difference is negative.
        sum.completed += self.completed.load(Ordering::Acquire);
        sum.failed += self.failed.load(Ordering::Acquire);
        sum.cancelled_running += self.cancelled.load(Ordering::Acquire);
        sum.started += self.started.load(Ordering::Acquire);
        sum.submitted += self.submitted.load(Ordering::Acquire);
        self.queue_wait.add_to(&mut sum.queue_wait);
        self.run_time.add_to(&mut sum.run_time);
    }
}

/// The tallies of several workers together.
#[derive(Clone, Default)]
pub(crate) struct Sum {
    pub(crate) submitted: u64,
    pub(crate) started: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) cancelled_running: u64,
    pub(crate) cancelled_queued: u64,
    pub(crate) queue_wait: crate::histogram::Histogram,
    pub(crate) run_time: crate::histogram::Histogram,
}
