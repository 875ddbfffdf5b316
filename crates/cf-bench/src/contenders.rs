//! Contenders: thread pools behind one trait, so that every workload is written once.

mod async_task_pool;
mod futures_pool;
mod ours;
mod rayon_mpsc;
mod rayon_oneshot;
mod rusty;
mod spawn_blocking;
mod threadpool_mpsc;
mod unblock;

use std::sync::{Arc, Barrier};

pub(crate) use self::{
    async_task_pool::AsyncTaskPool, futures_pool::FuturesPool, ours::Ours, rayon_mpsc::RayonMpsc,
    rayon_oneshot::RayonOneshot, rusty::Rusty, spawn_blocking::SpawnBlocking,
    threadpool_mpsc::ThreadpoolMpsc, unblock::Unblock,
};

/// The peers that the "best of them" means.
pub(crate) const BEST_OF: [&str; 5] = [
    SpawnBlocking::NAME,
    RayonOneshot::NAME,
    ThreadpoolMpsc::NAME,
    Rusty::NAME,
    Unblock::NAME,
];
pub(crate) const BEST_OF_LABEL: &str = "best of the five offloaders";

/// A thread pool and its way of giving a result back.
pub(crate) trait Contender: Sized + Sync {
    const NAME: &'static str;
    type Handle<T: Send + 'static>: Send;

    fn start(n_workers: usize) -> Self;

    fn submit<T, F>(&self, work: F) -> Self::Handle<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static;

    /// Blocks until the work is done.
    fn result<T: Send + 'static>(&self, handle: Self::Handle<T>) -> T;

    /// Collects in submission order, in the way that is cheapest for this contender.
    fn sum(&self, handles: Vec<Self::Handle<u64>>) -> u64 {
        handles.into_iter().map(|handle| self.result(handle)).sum()
    }
}

/// Starts a contender and makes all its workers run something, all at the same time.
pub(crate) fn warm<C: Contender>(n_workers: usize) -> C {
    let contender = C::start(n_workers);
    let barrier = Arc::new(Barrier::new(n_workers));
    let met: Vec<_> = (0..n_workers)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            contender.submit(move || {
                barrier.wait();
            })
        })
        .collect();
    for handle in met {
        contender.result(handle);
    }
    contender
}

/// The lanes of all thread pools, or of those named, for a function generic over `Contender`.
macro_rules! lanes {
    ($once:ident $arguments:tt) => {
        lanes!($once $arguments: Ours, SpawnBlocking, RayonOneshot, RayonMpsc, ThreadpoolMpsc, Rusty, Unblock,
            FuturesPool, AsyncTaskPool)
    };
    ($once:ident $arguments:tt: $($contender:ident),+) => {
        [$({
            use $crate::contenders::Contender as _;
            $crate::rounds::Lane::new(
                $crate::contenders::$contender::NAME,
                move || $once::<$crate::contenders::$contender> $arguments,
            )
        }),+]
    };
}
pub(crate) use lanes;
