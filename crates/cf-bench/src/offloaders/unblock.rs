//! `blocking::unblock`; its pool is one for the whole process.

use std::num::NonZeroUsize;

use super::Offloader;

pub(crate) struct Unblock;

impl Offloader for Unblock {
    const NAME: &'static str = "blocking::unblock";

    fn start(n_workers: usize) -> Self {
        blocking::set_max_blocking_threads(
            NonZeroUsize::new(n_workers).expect("a pool has workers"),
        );
        Self
    }

    fn offload<F>(&self, work: F) -> impl Future<Output = u64> + Send + use<F>
    where
        F: FnOnce() -> u64 + Send + 'static,
    {
        blocking::unblock(work)
    }
}
