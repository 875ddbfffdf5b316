//! The `tokio-rayon` crate: `spawn_async` on a rayon pool.

use rayon::ThreadPool;
use tokio_rayon::AsyncThreadPool as _;

use super::{Offloader, rayon_oneshot::pool};

pub(crate) struct TokioRayon(ThreadPool);

impl Offloader for TokioRayon {
    const NAME: &'static str = "tokio-rayon";

    fn start(n_workers: usize) -> Self {
        Self(pool(n_workers))
    }

    fn offload<F>(&self, work: F) -> impl Future<Output = u64> + Send + use<F>
    where
        F: FnOnce() -> u64 + Send + 'static,
    {
        self.0.spawn_async(work)
    }
}
