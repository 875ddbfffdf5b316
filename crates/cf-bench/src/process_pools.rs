//! Process pools behind one trait, so that every workload is written once; CPython's is driven from beside.

mod cpython;
mod ours;
mod procspawn_pool;

use std::{thread, time::Duration};

pub(crate) use self::{
    cpython::CPython,
    ours::{OnProcesses, hold},
    procspawn_pool::ProcspawnPool,
};

/// The peers that a target means by "the better of" them.
pub(crate) const BETTER_OF: [&str; 2] = [ProcspawnPool::NAME, CPython::NAME];
pub(crate) const BETTER_OF_LABEL: &str = "the better of both pools";

/// Long enough that no worker is done with one before all the others have theirs.
const NAP: Duration = Duration::from_millis(50);

/// A process pool of this language and its way of giving a result back.
pub(crate) trait ProcessPool: Sized {
    const NAME: &'static str;
    /// As many calls may be pending at once; more than that exhausts what the pool takes from the system.
    const MAX_PENDING: usize;
    type Handle<T>;

    fn start(n_workers: usize) -> Self;

    /// A call that gives back what it is given.
    fn tiny(&self, n: u64) -> Self::Handle<u64>;

    /// A call that gives back the buffer that it is given, and its result.
    fn echo(&self, bytes: Vec<u8>) -> Vec<u8>;

    /// A call that gives the number of its worker.
    fn pid(&self) -> Self::Handle<u32>;

    /// A call that sleeps for so many milliseconds.
    fn nap(&self, n_millis: u64) -> Self::Handle<()>;

    /// Blocks until the call is done.
    fn result<T>(&self, handle: Self::Handle<T>) -> T
    where
        T: serde::Serialize + serde::de::DeserializeOwned + 'static;
}

/// Starts a pool and has all its workers do something, all at the same time.
pub(crate) fn warm<P: ProcessPool>(n_workers: usize) -> P {
    let pool = P::start(n_workers);
    let millis = u64::try_from(NAP.as_millis()).unwrap_or(u64::MAX);
    let naps: Vec<_> = (0..n_workers).map(|_| pool.nap(millis)).collect();
    for nap in naps {
        pool.result(nap);
    }
    pool
}

/// The body of every pool's nap.
fn sleep(n_millis: u64) {
    thread::sleep(Duration::from_millis(n_millis));
}
