//! `tokio::task::spawn_blocking`, results by `block_on` of the join handle.

use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
};

use super::Contender;

pub(crate) struct SpawnBlocking(Runtime);

impl SpawnBlocking {
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.0
    }
}

impl Contender for SpawnBlocking {
    const NAME: &'static str = "tokio spawn_blocking";
    type Handle<T: Send + 'static> = JoinHandle<T>;

    // Not the current-thread flavour: there, four threads in block_on would pass one scheduler around.
    fn start(n_workers: usize) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(n_workers)
            .build();
        Self(runtime.expect("the runtime starts"))
    }

    fn submit<T, F>(&self, work: F) -> JoinHandle<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.0.spawn_blocking(work)
    }

    fn result<T: Send + 'static>(&self, handle: JoinHandle<T>) -> T {
        self.0.block_on(handle).expect("the task succeeds")
    }

    fn sum(&self, handles: Vec<JoinHandle<u64>>) -> u64 {
        self.0.block_on(async {
            let mut sum = 0;
            for handle in handles {
                sum += handle.await.expect("the task succeeds");
            }
            sum
        })
    }
}
