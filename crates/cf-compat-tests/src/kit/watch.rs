//! What a rule has done so far: a rule that goes on is not overdue, however slow it is.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use cf_core::Future;

use crate::kit::bench::Broken;

/// Sees whether a rule goes on, and tells of one that does not.
#[derive(Clone)]
pub(super) struct Watch {
    limit: Duration,
    progress: Arc<Progress>,
}

#[derive(Default)]
struct Progress {
    step: Mutex<&'static str>,
    n_steps: AtomicU64,
    n_submitted: AtomicU64,
    n_ended: AtomicU64,
}

impl Watch {
    pub(super) fn new(limit: Duration) -> Self {
        let watch = Self {
            limit,
            progress: Arc::default(),
        };
        watch.step("it began");
        watch
    }

    /// How long no call may end.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    pub(super) fn step(&self, what: &'static str) {
        let progress = &self.progress;
        *progress.step.lock().unwrap_or_else(PoisonError::into_inner) = what;
        progress.n_steps.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts the end of a call.
    pub(super) fn follow<T: Send + 'static>(&self, future: &Future<T>) {
        self.progress.n_submitted.fetch_add(1, Ordering::Relaxed);
        let progress = Arc::clone(&self.progress);
        future.add_done_callback(move |_| {
            progress.n_ended.fetch_add(1, Ordering::Relaxed);
        });
    }

    /// Something that is greater when the rule has gone on.
    pub(super) fn so_far(&self) -> u64 {
        let Progress {
            n_steps, n_ended, ..
        } = &*self.progress;
        n_steps.load(Ordering::Relaxed) + n_ended.load(Ordering::Relaxed)
    }

    pub(super) fn overdue(&self) -> Broken {
        let progress = &self.progress;
        let step = *progress.step.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = self.limit;
        let n_ended = progress.n_ended.load(Ordering::Relaxed);
        let n_submitted = progress.n_submitted.load(Ordering::Relaxed);
        Broken(format!(
            "the time limit of {limit:?} ran out while {step}: {n_ended} of {n_submitted} calls had ended, and \
             none did meanwhile; an executor that is only slow needs a longer `Kit::time_limit`"
        ))
    }
}
