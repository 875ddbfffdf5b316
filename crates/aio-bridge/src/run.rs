//! A loop of one's own: made, run, and taken down in order.

use std::{
    fmt,
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use cf_core::{Error, Reason, unwind};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::{
    coroutine::Coroutine,
    event_loop::EventLoop,
    interrupt::{Interrupted, Listening},
    task::prepare,
};

/// How long the end of a loop waits for the default executor, and for tokio's blocking threads. As in `asyncio.run`.
const EXECUTOR_SHUTDOWN: Duration = Duration::from_secs(300);

/// Runs a coroutine on a new loop of one thread, this one, and gives its value.
///
/// At the end the tasks that are left are cancelled and awaited, and the default executor is drained (for 300 seconds at most,
/// then with a warning). The first Ctrl-C cancels the coroutine, if this is the main thread and the program does not handle it
/// by itself; the second ends the process.
/// Follows `asyncio.run`. A program with a runtime of its own needs no `run`: everything else works in `#[tokio::main]`.
///
/// # Errors
/// [`Error::Panicked`] if it panicked; with [`fallible`](crate::fallible()) how it failed; [`Error::Interrupted`] after Ctrl-C;
/// [`Error::Rejected`] inside a running loop; [`Error::Raised`] if the system refuses a loop.
///
/// # Examples
/// ```
/// assert_eq!(aio_bridge::run(async { 6 * 7 }).unwrap(), 42);
/// ```
pub fn run<C: Coroutine>(coroutine: C) -> Result<C::Output, Error> {
    Runner::new()?.run(coroutine)
}

/// A loop that runs several coroutines, one after the other: tasks go on while the next one runs. Follows `asyncio.Runner`.
///
/// Dropping it closes it.
///
/// # Examples
/// ```
/// use aio_bridge::Runner;
///
/// let mut runner = Runner::new()?;
/// let first = runner.run(async { 1 })?;
/// assert_eq!(runner.run(async move { first + 1 })?, 2);
/// # Ok::<_, aio_bridge::Error>(())
/// ```
pub struct Runner {
    /// Gone once it is closed.
    runtime: Option<Runtime>,
    event_loop: Arc<EventLoop>,
    was_interrupted: bool,
}

impl Runner {
    /// Makes a loop of one thread, the one that will call [`run`](Self::run).
    ///
    /// # Errors
    /// [`Error::Rejected`] inside a running loop; [`Error::Raised`] if the system refuses.
    ///
    /// # Examples
    /// ```
    /// aio_bridge::Runner::new()?.close();
    /// # Ok::<_, aio_bridge::Error>(())
    /// ```
    pub fn new() -> Result<Self, Error> {
        refuse_inside_a_loop()?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::from_box(error.into()))?;
        Ok(Self::with(runtime))
    }

    /// Takes a tokio runtime, such as one of several threads; with its drivers enabled (`enable_all`), or there is neither
    /// Ctrl-C nor a limit of time at the end.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::Runner;
    ///
    /// let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    /// assert_eq!(Runner::with(runtime).run(async { 7 }).unwrap(), 7);
    /// # Ok::<_, std::io::Error>(())
    /// ```
    pub fn with(runtime: Runtime) -> Self {
        Self {
            event_loop: EventLoop::open(runtime.handle()),
            runtime: Some(runtime),
            was_interrupted: false,
        }
    }

    /// Gives the handle of the loop, for other threads.
    ///
    /// # Panics
    /// Never: it has its runtime until it is closed.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{Runner, run_coroutine_threadsafe};
    ///
    /// let mut runner = Runner::new()?;
    /// let later = run_coroutine_threadsafe(async { 7 }, runner.handle());
    /// runner.run(tokio::task::yield_now())?;
    /// assert_eq!(later.result()?, 7);
    /// # Ok::<_, aio_bridge::Error>(())
    /// ```
    pub fn handle(&self) -> &Handle {
        self.runtime().handle()
    }

    fn runtime(&self) -> &Runtime {
        let Some(runtime) = &self.runtime else {
            unreachable!("only taken by drop")
        };
        runtime
    }

    /// Runs a coroutine to its end, and other tasks until then.
    ///
    /// # Errors
    /// As the function [`run`].
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{Error, Runner};
    ///
    /// let mut runner = Runner::new()?;
    /// assert_eq!(runner.run(async { 7 })?, 7);
    /// assert!(matches!(runner.run(async { panic!("no") }), Err(Error::Panicked(_))));
    /// # Ok::<_, Error>(())
    /// ```
    pub fn run<C: Coroutine>(&mut self, coroutine: C) -> Result<C::Output, Error> {
        refuse_inside_a_loop()?;
        let runtime = self.runtime();
        let (driver, mut task) = prepare(coroutine, None, Some(runtime.handle()));
        let listening = Listening::start();
        let mut was_interrupted = false;
        runtime.block_on(async {
            let mut driver = pin!(driver);
            let mut interrupted = listening.interrupted();
            poll_fn(|context| {
                if !was_interrupted && interrupted.as_mut().poll(context).is_ready() {
                    was_interrupted = true;
                    task.cancel();
                }
                driver.as_mut().poll(context)
            })
            .await;
        });
        self.was_interrupted |= was_interrupted;
        match task.result() {
            Err(Error::Cancelled) if was_interrupted => Err(Error::Interrupted),
            outcome => outcome,
        }
    }

    /// Cancels and awaits the tasks that are left, drains the default executor, and ends the loop.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{Runner, create_task};
    ///
    /// let mut runner = Runner::new()?;
    /// let task = runner.run(async { create_task(std::future::pending::<()>()) })?;
    /// runner.close();
    /// assert!(task.cancelled());
    /// # Ok::<_, aio_bridge::Error>(())
    /// ```
    pub fn close(self) {
        drop(self);
    }
}

/// Taken down in order: tasks, default executor, runtime.
impl Drop for Runner {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        let handle = runtime.handle().clone();
        EventLoop::forget_later(&handle, || {
            if Handle::try_current().is_ok() {
                // Blocking here would stall the loop that this one is dropped in.
                self.event_loop.cancel_all();
                self.event_loop.default_executor().abandon();
                runtime.shutdown_background();
                return;
            }
            // A program that was interrupted before is ended by the next one.
            let listening = (!self.was_interrupted).then(Listening::start);
            unwind::contain("the end of a loop", || {
                runtime.block_on(async {
                    let mut interrupted = listening.as_ref().map_or_else(
                        || Box::pin(pending()) as Interrupted,
                        Listening::interrupted,
                    );
                    let mut closing = pin!(self.take_down());
                    let mut is_interrupted = false;
                    poll_fn(|context| {
                        // Listened for, so that the second one ends the process; the first one changes nothing any more.
                        is_interrupted =
                            is_interrupted || interrupted.as_mut().poll(context).is_ready();
                        closing.as_mut().poll(context)
                    })
                    .await;
                });
            });
            drop(listening);
            runtime.shutdown_timeout(EXECUTOR_SHUTDOWN);
        });
    }
}

impl Runner {
    async fn take_down(&self) {
        self.event_loop.cancel_all();
        poll_fn(|context| self.event_loop.poll_empty(context)).await;
        let drained = self
            .event_loop
            .default_executor()
            .shutdown(Some(EXECUTOR_SHUTDOWN))
            .await;
        if drained.is_err() {
            tracing::warn!(
                target: "concurrent_futures",
                "the default executor did not end within {} seconds: its threads are left to themselves",
                EXECUTOR_SHUTDOWN.as_secs()
            );
        }
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runner").field(&self.event_loop).finish()
    }
}

fn refuse_inside_a_loop() -> Result<(), Error> {
    if Handle::try_current().is_ok() {
        Err(Error::Rejected(Reason::EventLoopRunning))
    } else {
        Ok(())
    }
}
