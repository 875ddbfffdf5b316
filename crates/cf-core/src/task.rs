//! A callable on its way through an executor: what queues hold and workers run.

use std::{any::Any, fmt, sync::Arc};

use crate::{
    body::{Body, Produces},
    callable::Callable,
    cell::Cell,
    context::Context,
    error::{Error, Exception},
    frame,
    future::Future,
    host::{Ending, Home, Host},
    node::{self, Node},
    slot::Slot,
    state::Phase,
    unwind,
};

/// The body of a task: the callable and what it carries.
struct Work<C> {
    callable: C,
    context: Context,
}

impl<C: Callable> Produces for Work<C> {
    type Output = C::Output;
}

impl<C: Callable + 'static> Body for Work<C> {
    fn run(cell: Arc<Cell<Self>>, host: &dyn Host) -> bool {
        run(cell, host, false)
    }

    fn run_and_take(
        cell: Arc<Cell<Self>>,
        host: &dyn Host,
    ) -> Result<Result<C::Output, Error>, Arc<Cell<Self>>> {
        let Some(work) = cell.start() else {
            return Err(cell);
        };
        let Called {
            cell,
            outcome,
            phase,
        } = call(cell, work, host);
        Ok(cell.complete_and_take(outcome, phase))
    }

    fn name() -> &'static str {
        std::any::type_name::<C>()
    }
}

/// A task as an executor's queue holds it; for authors of executors.
///
/// Dropped without being run or failed, it fails its future with [`Error::BrokenPromise`].
///
/// # Examples
/// ```
/// use cf_core::{Submission, host::Home};
///
/// let submission = Submission::new(|| 7, Home::unique());
/// let (task, future) = submission.split();
/// drop(task);
/// assert!(future.result().is_err());
/// ```
pub struct Task {
    job: Option<Arc<dyn Job>>,
}

trait Job: Node {
    fn run(self: Arc<Self>, host: &dyn Host, at_top: bool);

    fn fail(&self, error: Error);
}

impl<C: Callable + 'static> Job for Cell<Work<C>> {
    fn run(self: Arc<Self>, host: &dyn Host, at_top: bool) {
        run(self, host, at_top);
    }

    fn fail(&self, error: Error) {
        // If it is not pending, it was cancelled or a wait runs it; its future has or gets its answer.
        if let Some(work) = self.start() {
            unwind::contain("drop of a callable", || drop(work));
            drop(self.complete(Err(error), None));
        }
    }
}

impl Task {
    /// Runs the callable and completes the future; does nothing if it was cancelled, or if a wait ran it already.
    ///
    /// # Panics
    /// If nobody holds the future any more and the drop of the task's value does: after everything is done, the panic
    /// reaches the worker's loop, which is to report it and go on.
    pub fn run(self, host: &dyn Host) {
        self.run_at(host, true);
    }

    /// Runs it on top of the task that waits for it.
    pub(crate) fn run_on_top(self, host: &dyn Host) {
        self.run_at(host, false);
    }

    fn run_at(mut self, host: &dyn Host, at_top: bool) {
        if let Some(job) = self.job.take() {
            job.run(host, at_top);
        }
    }

    /// Completes the future with `error`, if the task has not been started.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Error, Submission, Timeout, host::Home};
    ///
    /// let submission = Submission::new(|| 7, Home::unique());
    /// let (task, future) = submission.split();
    /// task.fail(Error::TimedOut(Timeout::default()));
    /// assert!(matches!(future.result(), Err(Error::TimedOut(_))));
    /// ```
    pub fn fail(mut self, error: Error) {
        if let Some(job) = self.job.take() {
            job.fail(error);
        }
    }

    /// Cancels the task if it has not been started.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Submission, host::Home};
    ///
    /// let submission = Submission::new(|| 7, Home::unique());
    /// let (task, future) = submission.split();
    /// assert!(task.cancel() && future.cancelled());
    /// ```
    pub fn cancel(mut self) -> bool {
        self.job.take().is_some_and(|job| job.cancel())
    }

    /// Lets go of it without failing its future: for a submission that takes its callable back.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Submission, host::Home};
    ///
    /// let submission = Submission::new(|| 7_u8, Home::unique());
    /// submission.task().discard();
    /// assert_eq!(submission.into_callable()(), 7);
    /// ```
    pub fn discard(mut self) {
        self.job = None;
    }

    /// Whether it still waits to be run: neither cancelled nor run by a wait.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Submission, host::Home};
    ///
    /// let submission = Submission::new(|| 7, Home::unique());
    /// let (task, future) = submission.split();
    /// assert!(task.is_pending());
    /// future.cancel();
    /// assert!(!task.is_pending());
    /// ```
    pub fn is_pending(&self) -> bool {
        self.job
            .as_ref()
            .is_some_and(|job| job.phase() == Phase::Pending)
    }

    /// Its address, as [`Host::take_queued`] names it.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Submission, host::Home};
    ///
    /// let submission = Submission::new(|| 7, Home::unique());
    /// let task = submission.task();
    /// assert_ne!(task.id(), 0);
    /// task.discard();
    /// ```
    pub fn id(&self) -> usize {
        self.job.as_deref().map_or(0, |job| node::id(job))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            job.fail(Error::BrokenPromise);
        }
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Task")
            .field(&self.job.as_ref().map(|job| job.name()))
            .finish()
    }
}

/// A task and its future before it is known whether the executor takes it; for authors of executors.
///
/// # Examples
/// ```
/// use cf_core::{Submission, host::Home};
///
/// let submission = Submission::new(|| 7, Home::unique());
/// let (task, future) = submission.split();
/// assert!(!future.done());
/// task.cancel();
/// ```
pub struct Submission<C: Callable + 'static>(Arc<Cell<Work<C>>>);

impl<C: Callable + 'static> Submission<C> {
    /// Makes a task for `home` that carries the caller's context.
    #[track_caller]
    pub fn new(callable: C, home: Home) -> Self {
        Self(Arc::new(Cell::new(
            Work {
                callable,
                context: Context::capture(),
            },
            home,
        )))
    }

    /// The half for the queue.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Submission, host::Home};
    ///
    /// let submission = Submission::new(|| 7, Home::unique());
    /// let task = submission.task();
    /// assert!(task.is_pending());
    /// # task.discard();
    /// ```
    pub fn task(&self) -> Task {
        Task {
            job: Some(Arc::clone(&self.0) as Arc<dyn Job>),
        }
    }

    /// The half for the caller.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Submission, host::Home};
    ///
    /// let submission = Submission::new(|| 7, Home::unique());
    /// let future = submission.into_future();
    /// assert!(!future.done());
    /// ```
    pub fn into_future(self) -> Future<C::Output> {
        Future::new(self.0 as Arc<dyn Slot<C::Output>>)
    }

    /// Both halves.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Submission, host::Home};
    ///
    /// let submission = Submission::new(|| 7, Home::unique());
    /// let (task, future) = submission.split();
    /// task.cancel();
    /// assert!(future.cancelled());
    /// ```
    pub fn split(self) -> (Task, Future<C::Output>) {
        (self.task(), self.into_future())
    }

    /// Takes the callable back from a task that no queue took.
    ///
    /// # Panics
    /// If the task was run or cancelled, which cannot be before a queue took it.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Submission, host::Home};
    ///
    /// let submission = Submission::new(|| 7, Home::unique());
    /// assert_eq!(submission.into_callable()(), 7);
    /// ```
    pub fn into_callable(self) -> C {
        match self.0.start() {
            Some(work) => work.callable,
            None => unreachable!("a task that no queue took cannot have been started"),
        }
    }
}

impl<C: Callable + 'static> fmt::Debug for Submission<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Submission")
            .field(&std::any::type_name::<C>())
            .finish()
    }
}

/// Runs a pending task: `at_top` when the worker took it from the queue, and not on top of a waiting one.
fn run<C: Callable + 'static>(cell: Arc<Cell<Work<C>>>, host: &dyn Host, at_top: bool) -> bool {
    let Some(work) = cell.start() else {
        return false;
    };
    let Called {
        cell,
        outcome,
        phase,
    } = call(cell, work, host);
    // Nobody can see the result of a detached task, so nobody must be told that this worker is free before its drop.
    let publisher = (at_top && Arc::strong_count(&cell) > 1).then_some(host);
    cell.complete_as(outcome, phase, publisher);
    if std::mem::needs_drop::<C::Output>()
        && publisher.is_some()
        && Arc::strong_count(&cell) == 1
        && let Some(unread) = cell.take()
    {
        // The reader went without it: its drop is up to this worker, which is not free until then.
        host.not_ready();
        drop(unread);
    }
    true
}

/// A cell whose call has ended, and how.
struct Called<C: Callable + 'static> {
    cell: Arc<Cell<Work<C>>>,
    outcome: Result<C::Output, Error>,
    phase: Phase,
}

/// Makes the call, and says how it ended.
fn call<C: Callable + 'static>(
    cell: Arc<Cell<Work<C>>>,
    Work {
        callable,
        mut context,
    }: Work<C>,
    host: &dyn Host,
) -> Called<C> {
    let started = host.starting();
    // The cell itself is the mark of the running task; moving it there and back saves counting a reference.
    let (outcome, task) = if context.is_empty() && !frame::is_in_span() {
        frame::run_as(cell, || unwind::catch_call(|| callable.call()))
    } else {
        let span = context.take_span();
        let call = || {
            unwind::catch_call(|| {
                context
                    .run(|| callable.call())
                    .unwrap_or(Err(Error::BrokenPromise))
            })
        };
        // A subscriber may panic, too.
        frame::run_as(cell, || unwind::catch_call(|| frame::in_span(span, call)))
    };
    let Ok(cell) = (task as Arc<dyn Any + Send + Sync>).downcast::<Cell<Work<C>>>() else {
        unreachable!("the frame gives back the task it was given")
    };
    let (outcome, phase, ending) = match outcome {
        Ok(value) => (Ok(value), Phase::Succeeded, Ending::Completed),
        Err(Error::Cancelled) if cell.is_asked_to_stop() => {
            (Err(Error::Cancelled), Phase::Cancelled, Ending::Cancelled)
        }
        // Nobody asked, so it is an ordinary exception.
        Err(Error::Cancelled) => {
            let exception = Exception::new(Box::new(Error::Cancelled));
            (Err(Error::Raised(exception)), Phase::Failed, Ending::Failed)
        }
        Err(error) => (Err(error), Phase::Failed, Ending::Failed),
    };
    host.finishing(ending, started);
    Called {
        cell,
        outcome,
        phase,
    }
}
