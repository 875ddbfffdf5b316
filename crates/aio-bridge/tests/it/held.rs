//! A coroutine with a pool, and a pool whose worker the test holds back.

use std::{
    ops::Deref,
    panic::{self, AssertUnwindSafe},
};

use aio_bridge::{Error, run};
use cf_pool::ThreadPoolExecutor;

use crate::loops::{Gate, ends};

/// Runs a coroutine on a loop of its own, as [`ends`] runs a closure.
pub(crate) fn on_loop<R: Send + 'static>(f: impl AsyncFnOnce() -> R + Send + 'static) -> R {
    ends(move || run(f()).unwrap())
}

/// Runs a coroutine as [`on_loop`] does, with a pool that is taken down outside the loop.
pub(crate) fn with_pool<R: Send + 'static>(
    max_workers: usize,
    f: impl AsyncFnOnce(&ThreadPoolExecutor) -> R + Send + 'static,
) -> R {
    ends(move || {
        let pool = ThreadPoolExecutor::new(max_workers).unwrap();
        run(f(&pool)).unwrap()
    })
}

/// A pool of one whose worker is at the gate, which is opened at the latest before the pool is dropped.
pub(crate) struct Held {
    pub(crate) gate: Opened,
    pub(crate) pool: ThreadPoolExecutor,
}

impl Held {
    pub(crate) fn new() -> Self {
        Self::over(ThreadPoolExecutor::new(1).unwrap())
    }

    /// One whose queue has room for `capacity`.
    pub(crate) fn bounded(capacity: usize) -> Self {
        let builder = ThreadPoolExecutor::builder().max_workers(1);
        Self::over(builder.queue_capacity(capacity).build().unwrap())
    }

    pub(crate) fn over(pool: ThreadPoolExecutor) -> Self {
        let (gate, running) = (Gate::new(), Gate::new());
        let (its_gate, its_running) = (gate.clone(), running.clone());
        drop(pool.submit(move || {
            its_running.open();
            its_gate.pass();
        }));
        running.pass();
        Self {
            gate: Opened(gate),
            pool,
        }
    }
}

/// A gate that is opened when this is dropped.
pub(crate) struct Opened(Gate);

impl Deref for Opened {
    type Target = Gate;

    fn deref(&self) -> &Gate {
        &self.0
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// Runs a coroutine as [`on_loop`] does, with a pool that is held and is taken down outside the loop.
pub(crate) fn with_held<R: Send + 'static>(
    make: impl FnOnce() -> Held + Send + 'static,
    f: impl AsyncFnOnce(&Held) -> R + Send + 'static,
) -> R {
    ends(move || {
        let held = make();
        run(f(&held)).unwrap()
    })
}

/// What a call without a `Result` unwinds with.
pub(crate) fn caught<R>(f: impl FnOnce() -> R) -> Result<R, Error> {
    panic::catch_unwind(AssertUnwindSafe(f)).map_err(|payload| *payload.downcast().unwrap())
}
