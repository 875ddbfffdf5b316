//! Offloaders: ways to run a closure on a thread and await its value in a tokio runtime, behind one trait.

mod ours;
mod rayon_oneshot;
mod spawn_blocking;
mod tokio_rayon;
mod unblock;

use std::sync::{Arc, Barrier};

pub(crate) use self::{
    ours::Bridged, rayon_oneshot::RayonOneshot, spawn_blocking::SpawnBlocking,
    tokio_rayon::TokioRayon, unblock::Unblock,
};

/// The peers that a target for awaiting means by "the best offloader".
pub(crate) const BEST_OF: [&str; 4] = [
    SpawnBlocking::NAME,
    RayonOneshot::NAME,
    TokioRayon::NAME,
    Unblock::NAME,
];
pub(crate) const BEST_OF_LABEL: &str = "best of the four offloaders";

/// A pool of threads and its way of being awaited; used inside a runtime of `n_workers` blocking threads at most.
pub(crate) trait Offloader: Send + Sync + 'static {
    const NAME: &'static str;

    fn start(n_workers: usize) -> Self;

    /// Hands the work over now, and gives a future of its value.
    fn offload<F>(&self, work: F) -> impl Future<Output = u64> + Send + use<Self, F>
    where
        F: FnOnce() -> u64 + Send + 'static;
}

/// Makes all workers run something, all at the same time.
pub(crate) async fn warm<O: Offloader>(offloader: &O, n_workers: usize) {
    let barrier = Arc::new(Barrier::new(n_workers));
    let met: Vec<_> = (0..n_workers)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            offloader.offload(move || u64::from(barrier.wait().is_leader()))
        })
        .collect();
    for future in met {
        future.await;
    }
}

/// The lanes of all offloaders, or of those named, for a function generic over `Offloader`.
macro_rules! offloader_lanes {
    ($once:ident $arguments:tt) => {
        offloader_lanes!($once $arguments: Bridged, SpawnBlocking, RayonOneshot, TokioRayon, Unblock)
    };
    ($once:ident $arguments:tt: $($offloader:ident),+) => {
        [$({
            use $crate::offloaders::Offloader as _;
            $crate::rounds::Lane::new(
                $crate::offloaders::$offloader::NAME,
                move || $once::<$crate::offloaders::$offloader> $arguments,
            )
        }),+]
    };
}
pub(crate) use offloader_lanes;
