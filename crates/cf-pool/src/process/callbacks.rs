//! Who runs the callbacks of a process pool's futures: threads of their own, so that no callback delays other results.

use std::time::Duration;

use cf_core::{Error, Promise, host, unwind};
use once_cell::sync::OnceCell;

use crate::ThreadPoolExecutor;

/// At most so many callbacks run at a time; each has a thread, and the threads leave when there is nothing to do.
const MAX_CALLBACKS: usize = 64;
const IDLE_TIMEOUT: Duration = Duration::from_secs(1);

/// The threads that run callbacks; started when there is the first of them.
#[derive(Default)]
pub(crate) struct Callbacks {
    threads: OnceCell<ThreadPoolExecutor>,
}

impl Callbacks {
    /// Fulfils a promise, here if that only wakes who waits, else on one of the threads.
    /// [`Error::Cancelled`] cancels it.
    pub(crate) fn deliver<T: Send + 'static>(
        &self,
        promise: Promise<T>,
        outcome: Result<T, Error>,
    ) {
        let delivered = unwind::catch(|| promise.set_unobserved(outcome));
        if let Ok(Err((promise, outcome))) = delivered {
            self.run(move || match outcome {
                Ok(value) => drop(promise.set_result(value)),
                Err(Error::Cancelled) => promise.set_cancelled(),
                Err(error) => drop(promise.set_exception(error)),
            });
        }
    }

    fn run(&self, call: impl FnOnce() + Send + 'static) {
        let threads = self.threads.get_or_try_init(|| {
            ThreadPoolExecutor::builder()
                .max_workers(MAX_CALLBACKS)
                .thread_name_prefix("process-pool-callbacks")
                .idle_timeout(IDLE_TIMEOUT)
                .build()
        });
        let mut call = call;
        if let Ok(threads) = threads {
            match threads.try_submit(call) {
                Ok(_) => return,
                Err(rejected) => call = rejected.callable,
            }
        }
        // Late is better than never.
        call();
    }

    /// Whether the calling thread is one of them.
    pub(crate) fn is_own_thread(&self) -> bool {
        self.threads
            .get()
            .is_some_and(|threads| Some(threads.home()) == host::current_home())
    }

    /// Waits until all callbacks have run.
    pub(crate) fn join(&self) {
        if let Some(threads) = self.threads.get() {
            threads.shutdown();
        }
    }
}
