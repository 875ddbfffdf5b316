//! `tokio::task::spawn_blocking`, on the blocking threads of the runtime that it is called in.

use tokio::task::spawn_blocking;

use super::Offloader;

pub(crate) struct SpawnBlocking;

impl Offloader for SpawnBlocking {
    const NAME: &'static str = "tokio spawn_blocking";

    fn start(_n_workers: usize) -> Self {
        Self
    }

    fn offload<F>(&self, work: F) -> impl Future<Output = u64> + Send + use<F>
    where
        F: FnOnce() -> u64 + Send + 'static,
    {
        let handle = spawn_blocking(work);
        async { handle.await.expect("the task succeeds") }
    }
}
