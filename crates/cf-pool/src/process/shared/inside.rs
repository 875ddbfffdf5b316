//! Whether this thread does a pool's own work, and so must not wait for a pool.

use std::cell::Cell;

thread_local! {
    static N_ENTERED: Cell<usize> = const { Cell::new(0) };
}

/// From `enter` to its drop the thread does a pool's own work.
pub(crate) struct Inside;

impl Inside {
    pub(crate) fn enter() -> Self {
        N_ENTERED.set(N_ENTERED.get() + 1);
        Self
    }

    pub(crate) fn is_here() -> bool {
        N_ENTERED.get() > 0
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        N_ENTERED.set(N_ENTERED.get() - 1);
    }
}
