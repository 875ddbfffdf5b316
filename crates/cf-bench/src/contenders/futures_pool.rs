//! `futures::executor::ThreadPool`, results by `spawn_with_handle` and `block_on`.

use futures::{
    executor::{ThreadPool, ThreadPoolBuilder, block_on},
    future::RemoteHandle,
    task::SpawnExt as _,
};

use super::Contender;

pub(crate) struct FuturesPool(ThreadPool);

impl Contender for FuturesPool {
    const NAME: &'static str = "futures ThreadPool";
    type Handle<T: Send + 'static> = RemoteHandle<T>;

    fn start(n_workers: usize) -> Self {
        Self(
            ThreadPoolBuilder::new()
                .pool_size(n_workers)
                .create()
                .expect("the pool starts"),
        )
    }

    fn submit<T, F>(&self, work: F) -> RemoteHandle<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.0
            .spawn_with_handle(async move { work() })
            .expect("the pool accepts work")
    }

    fn result<T: Send + 'static>(&self, handle: RemoteHandle<T>) -> T {
        block_on(handle)
    }

    fn sum(&self, handles: Vec<RemoteHandle<u64>>) -> u64 {
        block_on(async {
            let mut sum = 0;
            for handle in handles {
                sum += handle.await;
            }
            sum
        })
    }
}
