//! This workspace: `cf_pool::ThreadPoolExecutor`, results by `cf_core::Future::result`.

use cf_core::Future;
use cf_pool::ThreadPoolExecutor;

use super::Contender;
use crate::measured::OURS;

pub(crate) struct Ours(pub(crate) ThreadPoolExecutor);

impl Contender for Ours {
    const NAME: &'static str = OURS;
    type Handle<T: Send + 'static> = Future<T>;

    fn start(n_workers: usize) -> Self {
        Self(ThreadPoolExecutor::new(n_workers).expect("the pool starts"))
    }

    fn submit<T, F>(&self, work: F) -> Future<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.0.submit(work)
    }

    fn result<T: Send + 'static>(&self, handle: Future<T>) -> T {
        handle.result().expect("the task succeeds")
    }
}
