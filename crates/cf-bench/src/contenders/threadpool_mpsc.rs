//! The `threadpool` crate, each result through a `std::sync::mpsc` channel of its own.

use std::sync::mpsc::{Receiver, channel};

use threadpool::ThreadPool;

use super::Contender;

pub(crate) struct ThreadpoolMpsc(ThreadPool);

impl Contender for ThreadpoolMpsc {
    const NAME: &'static str = "threadpool + std mpsc";
    type Handle<T: Send + 'static> = Receiver<T>;

    fn start(n_workers: usize) -> Self {
        Self(ThreadPool::new(n_workers))
    }

    fn submit<T, F>(&self, work: F) -> Receiver<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (sender, receiver) = channel();
        self.0.execute(move || {
            // Nobody may be waiting, and then the result is lost by intent.
            let _ = sender.send(work());
        });
        receiver
    }

    fn result<T: Send + 'static>(&self, handle: Receiver<T>) -> T {
        handle.recv().expect("the task succeeds")
    }
}
