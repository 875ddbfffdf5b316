//! A pool of a dozen lines: `async_task` tasks on a `crossbeam_channel`, results by `pollster::block_on`.

use std::thread::{self, JoinHandle};

use async_task::{Runnable, Task};
use crossbeam_channel::{Sender, unbounded};
use pollster::block_on;

use super::Contender;

pub(crate) struct AsyncTaskPool {
    queue: Option<Sender<Runnable>>,
    workers: Vec<JoinHandle<()>>,
}

impl Contender for AsyncTaskPool {
    const NAME: &'static str = "async-task on crossbeam-channel";
    type Handle<T: Send + 'static> = Task<T>;

    fn start(n_workers: usize) -> Self {
        let (queue, work) = unbounded::<Runnable>();
        let workers = (0..n_workers)
            .map(|_| {
                let work = work.clone();
                thread::spawn(move || {
                    for runnable in work {
                        runnable.run();
                    }
                })
            })
            .collect();
        Self {
            queue: Some(queue),
            workers,
        }
    }

    fn submit<T, F>(&self, work: F) -> Task<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let queue = self.queue.clone().expect("the pool is open");
        let schedule = move |runnable| queue.send(runnable).expect("the pool has workers");
        let (runnable, task) = async_task::spawn(async move { work() }, schedule);
        runnable.schedule();
        task
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

impl Drop for AsyncTaskPool {
    fn drop(&mut self) {
        self.queue = None;
        for worker in self.workers.drain(..) {
            // A worker that panicked has already said so on standard error.
            let _ = worker.join();
        }
    }
}
