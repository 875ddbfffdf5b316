//! The `rusty_pool` crate with its own join handles.

use std::time::Duration;

use rusty_pool::{JoinHandle, ThreadPool};

use super::Contender;

/// Only threads beyond the core size leave, and there are none.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

pub(crate) struct Rusty(ThreadPool);

impl Contender for Rusty {
    const NAME: &'static str = "rusty_pool";
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn start(n_workers: usize) -> Self {
        Self(ThreadPool::new(n_workers, n_workers, KEEP_ALIVE))
    }

    fn submit<T, F>(&self, work: F) -> JoinHandle<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.0.evaluate(work)
    }

    fn result<T: Send + 'static>(&self, handle: JoinHandle<T>) -> T {
        handle.await_complete()
    }
}
