//! The executor that `to_thread` uses: a thread pool made at the first use, one for each loop of `run` and one for all others.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use cf_core::{
    Callable, Error, Executor, Reason, TimedOut,
    sync::{Mutex, lock},
};
use cf_pool::{BuildError, ThreadPoolExecutor};
use once_cell::sync::OnceCell;
use tokio::runtime::Handle;

use crate::{
    clock,
    close::{Close, on_own_thread},
    event_loop,
    from_thread::OnLoop,
    future::AioFuture,
    wrap::wrap_future,
};

static OF_THE_PROCESS: LazyLock<Arc<DefaultExecutor>> = LazyLock::new(Arc::default);

/// A place for a thread pool.
#[derive(Default)]
pub(crate) struct DefaultExecutor(Mutex<Place>);

#[derive(Default)]
struct Place {
    /// Shared, so that it can be filled outside the lock.
    pool: Arc<OnceCell<ThreadPoolExecutor>>,
    is_shut_down: bool,
}

impl DefaultExecutor {
    fn of_this_loop() -> Arc<Self> {
        Handle::try_current()
            .ok()
            .and_then(|handle| event_loop::of(&handle))
            .map_or_else(
                || Arc::clone(&OF_THE_PROCESS),
                |event_loop| Arc::clone(event_loop.default_executor()),
            )
    }

    fn pool(&self) -> Result<ThreadPoolExecutor, Error> {
        let place = lock(&self.0);
        if place.is_shut_down {
            return Err(Error::Rejected(Reason::Shutdown));
        }
        let pool = Arc::clone(&place.pool);
        drop(place);
        pool.get_or_try_init(|| {
            ThreadPoolExecutor::builder()
                .thread_name_prefix("asyncio")
                .build()
        })
        .cloned()
        .map_err(|error: BuildError| Error::from_box(error.into()))
    }

    fn set(&self, pool: ThreadPoolExecutor) {
        let place = Place {
            pool: Arc::new(OnceCell::with_value(pool)),
            is_shut_down: false,
        };
        let older = std::mem::replace(&mut *lock(&self.0), place);
        // The last handle of a pool waits for its work, for which this loop may be needed.
        if older.pool.get().is_some() {
            drop(on_own_thread(move || drop(older)));
        }
    }

    /// Takes no more work, and lets the pool end by itself.
    pub(crate) fn abandon(&self) {
        if let Some(pool) = self.close() {
            drop(pool.close());
        }
    }

    /// Takes the pool out, if it was ever made; nobody gets one here any more.
    fn close(&self) -> Option<ThreadPoolExecutor> {
        let mut place = lock(&self.0);
        place.is_shut_down = true;
        let pool = std::mem::take(&mut place.pool);
        drop(place);
        pool.get().cloned()
    }

    /// Ends the pool and waits for it, but not longer than `timeout`.
    pub(crate) async fn shutdown(&self, timeout: Option<Duration>) -> Result<(), TimedOut> {
        let Some(pool) = self.close() else {
            return Ok(());
        };
        let ended = pool.close();
        match timeout {
            None => {
                ended.await;
                Ok(())
            }
            Some(timeout) => clock::within(timeout, ended).await,
        }
    }
}

/// Runs the callable on the default executor; it starts at the call, and is awaited through what this gives.
///
/// The caller's `tracing` span and context go along, and the loop's handle for [`from_thread`](crate::from_thread). At its
/// end [`run`](crate::run) waits for accepted work; a program with a runtime of its own awaits [`shutdown_default_executor`]
/// before it ends. Follows `asyncio.to_thread`, which starts at the first await instead.
///
/// # Errors
/// The future's: how the callable failed; [`Error::Rejected`] after [`shutdown_default_executor`].
///
/// # Cancellation
/// As [`run_in_executor`](crate::run_in_executor).
///
/// # Examples
/// ```
/// use aio_bridge::{run, to_thread};
///
/// let sum = run(async { to_thread(|| (1..=1_000_000_u64).sum::<u64>()).await });
/// assert_eq!(sum.unwrap().unwrap(), 500_000_500_000);
/// ```
#[track_caller]
pub fn to_thread<C>(callable: C) -> AioFuture<C::Output>
where
    C: Callable + 'static,
    C::Output: Send + 'static,
{
    match DefaultExecutor::of_this_loop().pool() {
        Ok(pool) => wrap_future(pool.submit_now(OnLoop::new(callable))),
        Err(error) => AioFuture::failed(error),
    }
}

/// Makes `executor` the default one of this loop; the one before goes on until its last handle is gone.
///
/// In a program without [`run`](crate::run) it is the default one of the process. Follows `loop.set_default_executor`; that
/// it is a pool of threads is for the compiler to check.
///
/// # Examples
/// ```
/// use aio_bridge::{run, set_default_executor, to_thread};
/// use cf_pool::ThreadPoolExecutor;
///
/// let name = run(async {
///     let pool = ThreadPoolExecutor::builder().thread_name_prefix("io").build().unwrap();
///     set_default_executor(pool);
///     to_thread(|| std::thread::current().name().unwrap().to_owned()).await
/// });
/// assert!(name.unwrap().unwrap().starts_with("io"));
/// ```
pub fn set_default_executor(executor: ThreadPoolExecutor) {
    DefaultExecutor::of_this_loop().set(executor);
}

/// Ends the default executor of this loop: it takes no work any more, and this waits for what it has accepted.
///
/// The loop goes on meanwhile. Follows `loop.shutdown_default_executor`; [`run`](crate::run) does it at its end.
///
/// # Errors
/// [`TimedOut`] if that takes longer than `timeout`; the threads then end by themselves when their work does.
///
/// # Panics
/// With a limit of time, outside a tokio runtime with its timer enabled.
///
/// # Examples
/// ```
/// use aio_bridge::{Error, run, shutdown_default_executor, to_thread};
///
/// let late = run(async {
///     shutdown_default_executor(None).await.unwrap();
///     to_thread(|| 7).await
/// });
/// assert!(matches!(late.unwrap(), Err(Error::Rejected(_))));
/// ```
pub async fn shutdown_default_executor(
    timeout: impl Into<Option<Duration>>,
) -> Result<(), TimedOut> {
    DefaultExecutor::of_this_loop()
        .shutdown(timeout.into())
        .await
}
