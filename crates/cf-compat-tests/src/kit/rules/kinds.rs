//! Futures in each of the states in which CPython's tests of `wait` and `as_completed` have one beside their calls.

use cf_core::{Future, Promise};

/// They stay as they are while this lives.
pub(super) struct Kinds {
    _promises: [Promise<u64>; 3],
    pub(super) pending: Future<u64>,
    /// Cancelled, and its worker would still have to see it.
    pub(super) cancelled: Future<u64>,
    /// Cancelled, and its worker has seen it.
    pub(super) notified: Future<u64>,
    pub(super) failed: Future<u64>,
    pub(super) succeeded: Future<u64>,
}

impl Kinds {
    pub(super) fn new() -> Self {
        let [pending, cancelled, notified, failed, succeeded] = [(); 5].map(|()| Promise::new());
        cancelled.1.cancel();
        notified.1.cancel();
        notified.0.set_running_or_notify_cancel();
        let _ = failed.0.set_exception("it is to fail");
        let _ = succeeded.0.set_result(42);
        Self {
            _promises: [pending.0, cancelled.0, notified.0],
            pending: pending.1,
            cancelled: cancelled.1,
            notified: notified.1,
            failed: failed.1,
            succeeded: succeeded.1,
        }
    }
}
