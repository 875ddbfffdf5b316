//! Which task the calling thread is running: a stack, because a wait may run the awaited task on top of the waiting one.

use std::{cell::RefCell, sync::Arc};

use tracing::Span;

use crate::{error::Error, node::Node, sync::thread_local};

thread_local! {
    static TASKS: RefCell<Vec<Arc<dyn Node>>> = const { RefCell::new(Vec::new()) };
    /// The spans of those tasks that carried one, each with how many tasks were running when it was entered.
    static SPANS: RefCell<Vec<(usize, Span)>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f` as `task` and gives the task back; `f` must not unwind.
pub(crate) fn run_as<R>(task: Arc<dyn Node>, f: impl FnOnce() -> R) -> (R, Arc<dyn Node>) {
    TASKS.with(|tasks| tasks.borrow_mut().push(task));
    let outcome = f();
    let Some(task) = TASKS.with(|tasks| tasks.borrow_mut().pop()) else {
        unreachable!("tasks are pushed and popped in pairs")
    };
    (outcome, task)
}

/// Whether a task on this thread has a span, which one that runs on top of it must not be in.
pub(crate) fn is_in_span() -> bool {
    SPANS.with(|spans| !spans.borrow().is_empty())
}

/// Runs `f` in the running task's own span, or in none, and not in that of the task it runs on top of.
pub(crate) fn in_span<R>(span: Option<Span>, f: impl FnOnce() -> R) -> R {
    let n_tasks = TASKS.with(|tasks| tasks.borrow().len());
    // What an unwinding subscriber may have left here.
    SPANS.with(|spans| spans.borrow_mut().retain(|(n, _)| *n < n_tasks));
    let outer = SPANS.with(|spans| {
        spans
            .borrow()
            .last()
            .filter(|(n, _)| *n + 1 == n_tasks)
            .map(|(_, span)| span.clone())
    });
    if span.is_none() && outer.is_none() {
        return f();
    }
    if let Some(outer) = &outer {
        outer.with_subscriber(|(id, subscriber)| subscriber.exit(id));
    }
    let outcome = match span {
        Some(span) => {
            SPANS.with(|spans| spans.borrow_mut().push((n_tasks, span.clone())));
            let outcome = span.in_scope(f);
            SPANS.with(|spans| spans.borrow_mut().pop());
            outcome
        }
        None => f(),
    };
    if let Some(outer) = &outer {
        outer.with_subscriber(|(id, subscriber)| subscriber.enter(id));
    }
    outcome
}

/// The tasks that this thread is running, the outermost first.
pub(crate) fn running_tasks() -> Vec<Arc<dyn Node>> {
    TASKS
        .try_with(|tasks| tasks.borrow().clone())
        .unwrap_or_default()
}

/// How many tasks this thread is running, each on top of the one that waits for it; for authors of bridges.
///
/// # Examples
/// ```
/// use cf_core::{ClosureExecutor, InlineExecutor, bridge::task_depth};
///
/// assert_eq!(task_depth(), 0);
/// assert_eq!(InlineExecutor::new().spawn(task_depth).result().unwrap(), 1);
/// ```
pub fn task_depth() -> usize {
    TASKS
        .try_with(|tasks| tasks.borrow().len())
        .unwrap_or_default()
}

/// Whether this thread is running a task.
pub(crate) fn is_in_task() -> bool {
    TASKS
        .try_with(|tasks| !tasks.borrow().is_empty())
        .unwrap_or(false)
}

/// Ends the running task where somebody asked it to stop.
///
/// To be called now and then inside long work, and its error to be returned: after
/// [`request_cancel`](crate::Future::request_cancel) the task then ends as cancelled. Outside a task it is always `Ok`.
///
/// # Errors
/// [`Error::Cancelled`] once the running task was asked to stop.
///
/// # Examples
/// ```
/// use cf_core::{ClosureExecutor, Error, InlineExecutor, checkpoint, fallible};
///
/// let sum = InlineExecutor::new().spawn(fallible(|| {
///     let mut sum = 0_u64;
///     for n in 0..1_000 {
///         checkpoint()?;
///         sum += n;
///     }
///     Ok::<_, Error>(sum)
/// }));
/// assert_eq!(sum.result().unwrap(), 499_500);
/// ```
pub fn checkpoint() -> Result<(), Error> {
    let asked = TASKS.with(|tasks| {
        tasks
            .borrow()
            .last()
            .is_some_and(|task| task.is_asked_to_stop())
    });
    if asked { Err(Error::Cancelled) } else { Ok(()) }
}
