//! The coming and going of workers.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use cf_core::{
    BrokenExecutor,
    sync::{lock, park_until},
    unwind,
};
use rustix::process::Pid;

use super::{
    Pool,
    lookout::Links,
    state::{Life, Slot, State},
};
use crate::process::{
    job::Job,
    keeper,
    link::Link,
    spawn::{StartError, signal},
};

/// So many workers in a row that die at start, or cannot be started, break the pool.
const MAX_START_FAILURES: u32 = 5;
/// The system's reason follows.
const NO_PROCESS: &str = "worker processes cannot be started, five times in a row: are the limits of processes, open files or memory \
    reached? fewer `max_workers` need less";
/// After the first time that the system had no process for us; longer after each further time.
const PAUSE: Duration = Duration::from_millis(50);
/// While other workers live.
const LONG_PAUSE: Duration = Duration::from_secs(1);

impl Pool {
    /// Starts a keeper if one more worker is wanted.
    pub(super) fn start_keeper(&self, state: &mut State) -> std::io::Result<()> {
        if state.n_starting() >= state.queue.len() {
            return Ok(());
        }
        let Some(index) = state.slots.iter().position(Slot::is_empty) else {
            return Ok(());
        };
        let Some(pool) = self.this.upgrade() else {
            return Ok(());
        };
        let keeper = std::thread::Builder::new()
            .name(format!("process-pool-keeper_{index}"))
            .spawn(move || keeper::run(&pool, index))?;
        state.slots[index].life = Life::Starting;
        state.keepers.retain(|keeper| !keeper.is_finished());
        state.keepers.push(keeper);
        Ok(())
    }

    /// The process of this slot has been started, or `None` is about to be waited for.
    pub(crate) fn set_pid(&self, index: usize, pid: Option<Pid>) {
        let mut state = self.lock();
        state.slots[index].pid = pid;
        // It came too late to be told.
        if let (Some(what), Some(pid)) = (state.unwanted(), pid) {
            signal(pid, what);
        }
    }

    /// The worker of this slot is ready for work.
    pub(crate) fn open(&self, index: usize, link: &Arc<Link>) {
        let mut state = self.lock();
        state.n_start_failures = 0;
        let slot = &mut state.slots[index];
        if std::mem::replace(&mut slot.has_lived, true) {
            self.n_restarts.fetch_add(1, Ordering::Relaxed);
        }
        slot.life = Life::Ready(Arc::clone(link));
        self.relink(&state);
    }

    /// There is no new worker; gives how long to wait before the next is tried.
    pub(crate) fn start_failed(&self, failure: StartError, n_in_a_row: u32) -> Duration {
        let mut state = self.lock();
        if state.unwanted().is_some() {
            return Duration::ZERO;
        }
        let others_live = state.ready().next().is_some();
        if matches!(failure, StartError::Died(_)) && !others_live {
            state.n_start_failures += 1;
        }
        let n_deaths = state.n_start_failures;
        drop(state);
        let (broken, is_last, pause) = match &failure {
            StartError::Initializer(_) => ("a worker's initializer failed", true, Duration::ZERO),
            // While others live, so does the pool.
            _ if others_live => ("a worker process could not be started", false, LONG_PAUSE),
            StartError::Died(_) => {
                let broken = "worker processes die at start, five in a row";
                (broken, n_deaths >= MAX_START_FAILURES, Duration::ZERO)
            }
            // It may have lacked descriptors or memory for a moment.
            StartError::System(_) => {
                let is_last = n_in_a_row >= MAX_START_FAILURES;
                let pause = PAUSE * n_in_a_row.pow(2);
                (NO_PROCESS, is_last, pause)
            }
        };
        let what = match &failure {
            StartError::Initializer(_) => "exception in initializer",
            StartError::Died(_) => "a worker process died at start",
            StartError::System(_) => "a worker process could not be started",
        };
        let cause = failure.into_cause();
        unwind::report(format_args!("{what}"), &cause);
        if is_last {
            self.break_down(&BrokenExecutor::new(broken, Some(cause)));
        }
        pause
    }

    /// Waits for so long, or until no worker is wanted at this slot.
    pub(crate) fn pause(&self, pause: Duration) {
        let deadline = Instant::now() + pause;
        while self.lock().unwanted().is_none() && Instant::now() < deadline {
            park_until(Some(deadline));
        }
    }

    /// The worker of this slot is gone; these jobs, which it had not begun with, are run elsewhere.
    pub(crate) fn close(&self, index: usize, unbegun: Vec<Box<dyn Job>>) {
        let mut state = self.lock();
        state.slots[index].life = Life::Starting;
        self.relink(&state);
        drop(state);
        self.take_back(unbegun);
    }

    /// Whether the keeper of this slot is to start another process; if not, it leaves.
    pub(crate) fn is_wanted(&self, index: usize) -> bool {
        let mut state = self.lock();
        let is_wanted = state.has_waiting() && state.broken.is_none() && state.forced.is_none();
        state.slots[index].life = if is_wanted {
            Life::Starting
        } else {
            Life::Empty
        };
        is_wanted
    }

    pub(super) fn relink(&self, state: &State) {
        *lock(&self.links) = Arc::new(Links {
            pool: self.this.clone(),
            links: state.ready().map(|(_, link)| Arc::clone(link)).collect(),
        });
    }
}
