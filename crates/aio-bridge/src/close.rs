//! Ending a pool without blocking the loop.

use std::{
    future::{Future, poll_fn},
    sync::Arc,
    task::Poll,
    thread,
};

use cf_core::{
    Promise,
    bridge::Awaited,
    sync::{Mutex, lock},
};
#[cfg(all(feature = "process", not(cf_loom)))]
use cf_pool::ProcessPoolExecutor;
use cf_pool::ThreadPoolExecutor;

/// The asynchronous form of a pool's `shutdown`.
///
/// # Examples
/// ```
/// use aio_bridge::{Close, run, run_in_executor};
/// use cf_pool::ThreadPoolExecutor;
///
/// let sum = run(async {
///     let pool = ThreadPoolExecutor::new(2).unwrap();
///     let sum = run_in_executor(&pool, || 3 + 4);
///     pool.close().await;
///     sum.await
/// });
/// assert_eq!(sum.unwrap().unwrap(), 7);
/// ```
pub trait Close {
    /// Shuts the pool down and waits until all accepted work is done and all threads and processes have ended; the loop goes
    /// on meanwhile.
    ///
    /// # Cancellation
    /// Dropped, the pool still ends by itself.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{Close, run};
    /// use cf_pool::ThreadPoolExecutor;
    ///
    /// run(async { ThreadPoolExecutor::new(2).unwrap().close().await }).unwrap();
    /// ```
    fn close(self) -> impl Future<Output = ()> + Send;
}

impl Close for ThreadPoolExecutor {
    fn close(self) -> impl Future<Output = ()> + Send {
        on_own_thread(move || self.shutdown())
    }
}

#[cfg(all(feature = "process", not(cf_loom)))]
impl Close for ProcessPoolExecutor {
    fn close(self) -> impl Future<Output = ()> + Send {
        on_own_thread(move || self.shutdown())
    }
}

/// Runs what blocks for long on a thread made for it, and not on one of a pool that it may be waiting for.
pub(crate) fn on_own_thread(f: impl FnOnce() + Send + 'static) -> impl Future<Output = ()> + Send {
    let (promise, future) = Promise::new();
    let f = Arc::new(Mutex::new(Some(f)));
    let there = Arc::clone(&f);
    let work = move || {
        call_once(&there);
        drop(promise.set_result(()));
    };
    let started = thread::Builder::new()
        .name("asyncio_shutdown".to_owned())
        .spawn(work);
    if started.is_err() {
        // No thread is to be had: better to block than to leave it undone.
        call_once(&f);
    }
    let mut ended = Awaited::new(future);
    poll_fn(move |context| match ended.poll(context) {
        Poll::Pending => Poll::Pending,
        Poll::Ready(_) => Poll::Ready(()),
    })
}

fn call_once(f: &Mutex<Option<impl FnOnce()>>) {
    let f = lock(f).take();
    if let Some(f) = f {
        f();
    }
}
