//! `blocking::unblock`, results by `pollster::block_on`; its pool is one for the whole process.

use std::num::NonZeroUsize;

use blocking::Task;
use pollster::block_on;

use super::Contender;

pub(crate) struct Unblock;

impl Contender for Unblock {
    const NAME: &'static str = "blocking::unblock";
    type Handle<T: Send + 'static> = Task<T>;

    fn start(n_workers: usize) -> Self {
        blocking::set_max_blocking_threads(
            NonZeroUsize::new(n_workers).expect("a pool has workers"),
        );
        Self
    }

    fn submit<T, F>(&self, work: F) -> Task<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        blocking::unblock(work)
    }

    fn result<T: Send + 'static>(&self, handle: Task<T>) -> T {
        block_on(handle)
    }

    fn sum(&self, handles: Vec<Task<u64>>) -> u64 {
        block_on(async {
            let mut sum = 0;
            for handle in handles {
                sum += handle.await;
            }
            sum
        })
    }
}
