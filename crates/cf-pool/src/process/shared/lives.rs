//! The coming and going of workers.

use std::sync::{Arc, atomic::Ordering};

use cf_core::{BrokenExecutor, Error, sync::lock, unwind};
use rustix::process::{Pid, kill_process_group};

use super::{
    Pool,
    lookout::Links,
    state::{Life, Slot, State},
};
use crate::process::{job::Job, keeper, link::Link};

/// So many workers in a row that die at start break the pool.
const MAX_START_FAILURES: u32 = 5;

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
        if let (Some(signal), Some(pid)) = (state.forced, pid) {
            let _ = kill_process_group(pid, signal);
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

    /// A worker died before it was ready.
    pub(crate) fn start_failed(&self, cause: Error) {
        let mut state = self.lock();
        state.n_start_failures += 1;
        if state.n_start_failures >= MAX_START_FAILURES {
            drop(state);
            self.break_down(&BrokenExecutor::new(
                "worker processes die at start, five in a row",
                Some(cause),
            ));
        } else {
            unwind::report(format_args!("a worker process died at start"), &cause);
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
        let is_wanted = !state.queue.is_empty() && state.broken.is_none() && state.forced.is_none();
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
