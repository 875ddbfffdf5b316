//! `rayon::ThreadPool::spawn`, each result through tokio's oneshot channel.

use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::oneshot;

use super::Offloader;

pub(crate) struct RayonOneshot(ThreadPool);

impl Offloader for RayonOneshot {
    const NAME: &'static str = "rayon spawn + tokio oneshot";

    fn start(n_workers: usize) -> Self {
        Self(pool(n_workers))
    }

    fn offload<F>(&self, work: F) -> impl Future<Output = u64> + Send + use<F>
    where
        F: FnOnce() -> u64 + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.0.spawn(move || {
            // Nobody may be waiting, and then the result is lost by intent.
            let _ = sender.send(work());
        });
        async { receiver.await.expect("the task succeeds") }
    }
}

pub(super) fn pool(n_workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new()
        .num_threads(n_workers)
        .build()
        .expect("the pool starts")
}
