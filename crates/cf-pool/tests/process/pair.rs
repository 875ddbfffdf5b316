//! Two workers: one that is sent calls ahead, because its calls were short, and one that is not.

use std::thread;

use cf_pool::ProcessPoolExecutor;

use crate::{
    door::{Door, visit},
    value::{double, pid},
};

/// Enough short calls to forget a long one.
const N_SHORT: u32 = 150;

/// A pool of two, both of which have nothing to do; the quick one is the first to be given something.
pub(crate) struct Pair {
    pub(crate) pool: ProcessPoolExecutor,
    /// The quick one.
    pub(crate) quick: u32,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let pool = ProcessPoolExecutor::new(2).unwrap();
        let door = Door::new();
        let visits = [0, 1].map(|n| pool.submit(visit::task(door.address(), n)));
        drop(door.guests(2));
        for visit in visits {
            visit.result().unwrap();
        }
        wait_until_idle(&pool, 2);
        let quick = pool.submit(pid::task()).result().unwrap();
        Self { pool, quick }
    }

    /// Teaches the quick one that its calls are short. On a machine under load they seem long now and then, so whoever relies on
    /// it must look.
    pub(crate) fn teach(&self) {
        for n in 0..N_SHORT {
            wait_until_idle(&self.pool, 2);
            assert_eq!(self.pool.submit(double::task(n)).result().unwrap(), n * 2);
        }
        wait_until_idle(&self.pool, 2);
    }
}

/// A result is there a moment before its worker counts as free.
pub(crate) fn wait_until_idle(pool: &ProcessPoolExecutor, n_workers: usize) {
    while pool.stats().idle < n_workers {
        thread::yield_now();
    }
}
