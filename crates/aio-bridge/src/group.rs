//! Tasks that live no longer than a block, and fall together.

use std::{
    collections::HashMap,
    error::Error as StdError,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use cf_core::{
    Done, Error, Promise, Reason,
    sync::{Mutex, lock},
    unwind,
};
use pin_project_lite::pin_project;

use crate::{
    awaitable::{Awaitable, Outcome},
    child::Value,
    control::Control,
    coroutine::fallible,
    delivery::{Stoppable, Told},
    driver::{Driver, Keepers},
    event_loop,
    future::AioFuture,
    task::{Task, current_handle},
};

/// A group of tasks inside [`scope`](Self::scope), which ends when all of them have.
///
/// The first that fails cancels the others and the block; all failures come out together. A task that is merely cancelled is
/// no failure. A clonable handle, so that tasks of the group can start more. Follows `asyncio.TaskGroup`.
///
/// # Examples
/// ```
/// use aio_bridge::{Error, TaskGroup, run};
///
/// let sum = run(async {
///     TaskGroup::scope(|group| async move {
///         let one = group.create_task(async { 1_u32 })?;
///         let two = group.create_task(async { 2_u32 })?;
///         Ok::<_, Error>(one.await? + two.await?)
///     })
///     .await
/// });
/// assert_eq!(sum.unwrap().unwrap(), 3);
/// ```
#[derive(Clone)]
pub struct TaskGroup(Arc<Mutex<Members>>);

#[derive(Default)]
struct Members {
    live: HashMap<u64, Arc<Control>>,
    errors: Vec<Error>,
    is_aborting: bool,
    /// The block has ended, and all members with it.
    is_over: bool,
    block: Option<Waker>,
}

impl TaskGroup {
    /// Runs a block that is given the group, and waits for all tasks that were created in it.
    ///
    /// The block's own `Err` or panic is a failure, too.
    ///
    /// # Errors
    /// [`GroupError`] with all failures, in the order in which they came; with none, if the group was
    /// [cancelled](Self::cancel).
    ///
    /// # Cancellation
    /// If the awaiting task is cancelled, so are all tasks of the group, and they are waited for. Dropping it cancels them
    /// without waiting.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{Error, TaskGroup, run};
    ///
    /// let failed = run(async {
    ///     TaskGroup::scope(|group| async move {
    ///         let endless = group.create_task(std::future::pending::<()>())?;
    ///         group.create_task(async { Err::<(), _>("out of paper") })?;
    ///         endless.await
    ///     })
    ///     .await
    /// });
    /// let error = failed.unwrap().unwrap_err();
    /// assert_eq!(error.errors().len(), 1);
    /// assert_eq!(error.errors()[0].to_string(), "out of paper");
    /// ```
    pub fn scope<F, B>(block: F) -> Scope<B>
    where
        F: FnOnce(Self) -> B,
        B: Future,
        B::Output: Outcome,
    {
        let group = Self(Arc::default());
        Scope {
            block: Stoppable::new(block(group.clone())),
            outcome: None,
            end: End {
                group,
                is_over: false,
            },
            told: Told::default(),
            is_block_told: false,
            is_block_over: false,
        }
    }

    /// Starts a task in the group; an `Err` it gives is its failure.
    ///
    /// # Errors
    /// [`Error::Rejected`] once the group is falling, or its block has ended; the coroutine is dropped then.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{TaskGroup, run};
    ///
    /// let outcome = run(TaskGroup::scope(|group| async move {
    ///     let task = group.create_task(async { 7 })?;
    ///     task.await
    /// }));
    /// assert_eq!(outcome.unwrap().unwrap(), 7);
    /// ```
    #[track_caller]
    pub fn create_task<A>(&self, coroutine: A) -> Result<Task<Value<A>>, Error>
    where
        A: Awaitable + Send + 'static,
        A::Gives: Outcome,
        A::Body: Send + 'static,
    {
        let handle = current_handle();
        let (promise, future) = Promise::new();
        let control = Control::new(None);
        let mut members = lock(&self.0);
        if members.is_aborting || members.is_over {
            drop(members);
            unwind::contain("drop of a coroutine", || drop(coroutine));
            return Err(Error::Rejected(Reason::Shutdown));
        }
        members.live.insert(control.id(), Arc::clone(&control));
        drop(members);
        let (group, id) = (self.clone(), control.id());
        // Its failure is known before its end is.
        future.add_done_callback(move |done| group.member_ending(done));
        let keepers = Keepers {
            registration: event_loop::register(&handle, &control),
            membership: Some(Box::new(Membership {
                group: self.clone(),
                id,
            })),
        };
        let coroutine = coroutine.into_future();
        let body = fallible(async move { coroutine.await.into_outcome() });
        drop(handle.spawn(Driver::new(body, promise, Arc::clone(&control), keepers)));
        let mut future = AioFuture::new(future);
        // The group tells of its failure.
        future.mark_seen();
        Ok(Task::new(future, control))
    }

    /// Cancels the block and all tasks of the group, which is no failure. Follows `TaskGroup.cancel` of Python 3.15.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{Error, TaskGroup, run};
    ///
    /// let outcome = run(TaskGroup::scope(|group| async move {
    ///     let endless = group.create_task(std::future::pending::<()>())?;
    ///     group.cancel();
    ///     endless.await
    /// }));
    /// assert!(outcome.unwrap().unwrap_err().errors().is_empty());
    /// ```
    pub fn cancel(&self) {
        self.abort(None);
    }

    fn member_ending<T>(&self, done: &Done<'_, T>) {
        if let Some(error) = done.exception().filter(|_| !done.cancelled()) {
            self.abort(Some(error.clone()));
        }
    }

    /// Has all others end, because of a failure or because somebody wants it.
    fn abort(&self, error: Option<Error>) {
        let mut members = lock(&self.0);
        members.errors.extend(error);
        let was_aborting = std::mem::replace(&mut members.is_aborting, true);
        drop(members);
        if !was_aborting {
            self.cancel_members();
        }
    }

    fn cancel_members(&self) {
        let mut members = lock(&self.0);
        let live: Vec<_> = members.live.values().cloned().collect();
        let block = members.block.take();
        drop(members);
        for member in live {
            member.cancel();
        }
        unwind::wake(block);
    }

    /// Whether the block's failure is one that the group knows: that of a task it awaited.
    fn knows(&self, error: &Error) -> bool {
        let members = lock(&self.0);
        let is_known = members.errors.iter().any(|known| known.is_same(error));
        is_known || (members.is_aborting && matches!(error, Error::Cancelled))
    }
}

/// Counts a task in until it has ended for all to see.
struct Membership {
    group: TaskGroup,
    id: u64,
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut members = lock(&self.group.0);
        let member = members.live.remove(&self.id);
        let block = members
            .live
            .is_empty()
            .then(|| members.block.take())
            .flatten();
        drop(members);
        drop(member);
        unwind::wake(block);
    }
}

impl fmt::Debug for TaskGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = lock(&self.0);
        f.debug_struct("TaskGroup")
            .field("n_live", &members.live.len())
            .field("is_aborting", &members.is_aborting)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// What [`TaskGroup::scope`] gives: a future of what the block gives, once all tasks have ended.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Scope<B: Future> where B::Output: Outcome {
        #[pin]
        block: Stoppable<B>,
        outcome: Option<<B::Output as Outcome>::Value>,
        end: End,
        told: Told,
        is_block_told: bool,
        is_block_over: bool,
    }
}

/// Cancels what is left when the scope is dropped.
struct End {
    group: TaskGroup,
    is_over: bool,
}

impl Drop for End {
    fn drop(&mut self) {
        if !self.is_over {
            self.group.abort(None);
        }
    }
}

impl<B: Future> Future for Scope<B>
where
    B::Output: Outcome,
{
    type Output = Result<<B::Output as Outcome>::Value, GroupError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let group = this.end.group.clone();
        let is_told = crate::delivery::is_cancelling();
        if this.told.hears() {
            let was_aborting = std::mem::replace(&mut lock(&group.0).is_aborting, true);
            group.cancel_members();
            // Once more, if it had been told before.
            *this.is_block_told &= !was_aborting;
        }
        loop {
            let waker = context.waker().clone();
            let mut members = lock(&group.0);
            let older = members.block.replace(waker);
            let is_aborting = members.is_aborting;
            let n_live = members.live.len();
            // From here on nobody can join.
            members.is_over |= *this.is_block_over && n_live == 0;
            drop(members);
            drop(older);
            if *this.is_block_over {
                if n_live > 0 {
                    if is_told {
                        crate::delivery::expect_end();
                        // What is cancelled gives no value.
                        *this.outcome = None;
                    }
                    return Poll::Pending;
                }
                break;
            }
            // Once: what it does after it took notice is its own business.
            if is_aborting && !std::mem::replace(this.is_block_told, true) {
                this.block.as_mut().stop();
            }
            match unwind::catch(|| this.block.as_mut().poll(context)) {
                Ok(Poll::Pending) if is_aborting || !lock(&group.0).is_aborting => {
                    if is_told {
                        crate::delivery::expect_end();
                    }
                    return Poll::Pending;
                }
                // It was aborted by itself meanwhile.
                Ok(Poll::Pending) => {}
                Ok(Poll::Ready(output)) => {
                    *this.is_block_over = true;
                    match output.map(Outcome::into_outcome) {
                        None => {}
                        Some(Ok(value)) => *this.outcome = Some(value),
                        Some(Err(error)) if group.knows(&error) => group.abort(None),
                        Some(Err(error)) => group.abort(Some(error)),
                    }
                }
                Err(panic) => {
                    *this.is_block_over = true;
                    group.abort(Some(panic));
                }
            }
        }
        this.end.is_over = true;
        let mut members = lock(&group.0);
        let errors = std::mem::take(&mut members.errors);
        let waker = members.block.take();
        drop(members);
        drop(waker);
        match this.outcome.take() {
            Some(value) if errors.is_empty() => Poll::Ready(Ok(value)),
            // Cancelled from outside: who awaits is dropped.
            _ if is_told && errors.is_empty() => Poll::Pending,
            _ => Poll::Ready(Err(GroupError { errors })),
        }
    }
}

impl<B: Future> fmt::Debug for Scope<B>
where
    B::Output: Outcome,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scope").field(&self.end.group).finish()
    }
}

/// How the tasks of a [`TaskGroup`] failed: all of them. The counterpart of `ExceptionGroup`.
///
/// # Examples
/// ```
/// use aio_bridge::{Error, TaskGroup, run};
///
/// let outcome = run(TaskGroup::scope(|_| async { Err::<(), _>("no") }));
/// assert_eq!(outcome.unwrap().unwrap_err().to_string(), "a task of the group failed: no");
/// ```
#[derive(Clone, Debug)]
pub struct GroupError {
    errors: Vec<Error>,
}

impl GroupError {
    /// Gives the failures in the order in which they came; none if the group was cancelled.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{TaskGroup, run};
    ///
    /// let outcome = run(TaskGroup::scope(|_| async { Err::<(), _>("no") }));
    /// assert_eq!(outcome.unwrap().unwrap_err().errors().len(), 1);
    /// ```
    pub fn errors(&self) -> &[Error] {
        &self.errors
    }
}

impl fmt::Display for GroupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.errors[..] {
            [] => f.write_str("the group was cancelled"),
            [error] => write!(f, "a task of the group failed: {error}"),
            errors => {
                write!(f, "{} tasks of the group failed", errors.len())?;
                let mut separator = ": ";
                for error in errors {
                    write!(f, "{separator}{error}")?;
                    separator = "; ";
                }
                Ok(())
            }
        }
    }
}

impl StdError for GroupError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.errors.first().map(|error| error as _)
    }
}
