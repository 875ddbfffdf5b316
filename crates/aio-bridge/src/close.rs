//! Ending a pool without blocking the loop.

use std::future::Future;

use cf_pool::ThreadPoolExecutor;

use crate::default_executor::on_own_thread;

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
    /// Shuts the pool down and waits until all accepted work is done and all threads have ended; the loop goes on meanwhile.
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
