//! The locks, atomics and threads this workspace is built on: the standard library's, or loom's when models are checked.

#[cfg(cf_loom)]
pub use loom::{
    sync::{Mutex, MutexGuard, atomic},
    thread::{self, Thread},
    thread_local,
};
#[cfg(not(cf_loom))]
pub use std::{
    sync::{Mutex, MutexGuard, atomic},
    thread::{self, Thread},
    thread_local,
};

use std::time::Instant;

/// Locks `mutex`; poisoning says nothing here, because user code never runs under a lock.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Parks the thread until it is unparked or `deadline` has passed; may wake for no reason.
pub fn park_until(deadline: Option<Instant>) {
    #[cfg(not(cf_loom))]
    if let Some(deadline) = deadline {
        return thread::park_timeout(deadline.saturating_duration_since(Instant::now()));
    }
    let _ = deadline;
    thread::park();
}
