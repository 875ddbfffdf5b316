//! The locks, atomics and threads this workspace is built on: the standard library's, or loom's when models are checked.

#[cfg(cf_loom)]
pub mod modelled;

#[cfg(cf_loom)]
pub use self::modelled::thread::{self, Thread};
#[cfg(cf_loom)]
pub use crate::__modelled_thread_local as thread_local;
#[cfg(cf_loom)]
pub use loom::sync::{Mutex, MutexGuard, atomic};
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

/// The time; it stands still in a model, whose course must not depend on it.
#[inline]
pub fn now() -> Instant {
    #[cfg(cf_loom)]
    {
        static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        *START
    }
    #[cfg(not(cf_loom))]
    Instant::now()
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
