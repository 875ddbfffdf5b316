//! `rayon::ThreadPool::spawn`, each result through a channel of the `oneshot` crate.

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Contender;

pub(crate) struct RayonOneshot(ThreadPool);

impl Contender for RayonOneshot {
    const NAME: &'static str = "rayon spawn + oneshot";
    type Handle<T: Send + 'static> = oneshot::Receiver<T>;

    fn start(n_workers: usize) -> Self {
        Self(
            ThreadPoolBuilder::new()
                .num_threads(n_workers)
                .build()
                .expect("the pool starts"),
        )
    }

    fn submit<T, F>(&self, work: F) -> oneshot::Receiver<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.0.spawn(move || {
            // Nobody may be waiting, and then the result is lost by intent.
            let _ = sender.send(work());
        });
        receiver
    }

    fn result<T: Send + 'static>(&self, handle: oneshot::Receiver<T>) -> T {
        handle.recv().expect("the task succeeds")
    }
}
