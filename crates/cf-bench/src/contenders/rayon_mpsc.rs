//! `rayon::ThreadPool::spawn`, each result through a `std::sync::mpsc` channel of its own.

use std::sync::mpsc::{Receiver, channel};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Contender;

pub(crate) struct RayonMpsc(ThreadPool);

impl Contender for RayonMpsc {
    const NAME: &'static str = "rayon spawn + std mpsc";
    type Handle<T: Send + 'static> = Receiver<T>;

    fn start(n_workers: usize) -> Self {
        Self(
            ThreadPoolBuilder::new()
                .num_threads(n_workers)
                .build()
                .expect("the pool starts"),
        )
    }

    fn submit<T, F>(&self, work: F) -> Receiver<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (sender, receiver) = channel();
        self.0.spawn(move || {
            // Nobody may be waiting, and then the result is lost by intent.
            let _ = sender.send(work());
        });
        receiver
    }

    fn result<T: Send + 'static>(&self, handle: Receiver<T>) -> T {
        handle.recv().expect("the task succeeds")
    }
}
