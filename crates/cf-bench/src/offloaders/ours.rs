//! This workspace: `aio_bridge::run_in_executor` on a `cf_pool::ThreadPoolExecutor`.

use aio_bridge::run_in_executor;
use cf_pool::ThreadPoolExecutor;

use super::Offloader;
use crate::measured::OURS;

pub(crate) struct Bridged(ThreadPoolExecutor);

impl Offloader for Bridged {
    const NAME: &'static str = OURS;

    fn start(n_workers: usize) -> Self {
        Self(ThreadPoolExecutor::new(n_workers).expect("the pool starts"))
    }

    fn offload<F>(&self, work: F) -> impl Future<Output = u64> + Send + use<F>
    where
        F: FnOnce() -> u64 + Send + 'static,
    {
        let future = run_in_executor(&self.0, work);
        async { future.await.expect("the task succeeds") }
    }
}
