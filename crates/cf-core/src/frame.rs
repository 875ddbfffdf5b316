//! Which task the calling thread is running: a stack, because a wait may run the awaited task on top of the waiting one.

use std::{cell::RefCell, sync::Arc};

use tracing::Span;

use crate::{error::Error, node::Node, sync::thread_local};

struct Frame {
    task: Arc<dyn Node>,
    span: Option<Span>,
}

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f` as `task`, in `span`, and gives the task back; `f` must not unwind.
pub(crate) fn run_as<R>(
    task: Arc<dyn Node>,
    span: Option<&Span>,
    f: impl FnOnce() -> R,
) -> (R, Arc<dyn Node>) {
    let outer = FRAMES.with(|frames| {
        let mut frames = frames.borrow_mut();
        let outer = frames.last().and_then(|frame| frame.span.clone());
        frames.push(Frame {
            task,
            span: span.cloned(),
        });
        outer
    });
    if let Some(outer) = &outer {
        outer.with_subscriber(|(id, subscriber)| subscriber.exit(id));
    }
    let outcome = match span {
        Some(span) => span.in_scope(f),
        None => f(),
    };
    if let Some(outer) = &outer {
        outer.with_subscriber(|(id, subscriber)| subscriber.enter(id));
    }
    let frame = FRAMES.with(|frames| frames.borrow_mut().pop());
    let Some(frame) = frame else {
        unreachable!("frames are pushed and popped in pairs")
    };
    (outcome, frame.task)
}

/// The tasks that this thread is running, the outermost first.
pub(crate) fn running_tasks() -> Vec<Arc<dyn Node>> {
    FRAMES
        .try_with(|frames| {
            frames
                .borrow()
                .iter()
                .map(|frame| Arc::clone(&frame.task))
                .collect()
        })
        .unwrap_or_default()
}

/// Whether this thread is running a task.
pub(crate) fn is_in_task() -> bool {
    FRAMES
        .try_with(|frames| !frames.borrow().is_empty())
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
    let asked = FRAMES.with(|frames| {
        frames
            .borrow()
            .last()
            .is_some_and(|frame| frame.task.is_asked_to_stop())
    });
    if asked { Err(Error::Cancelled) } else { Ok(()) }
}
