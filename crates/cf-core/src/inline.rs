//! The executor that needs no thread.

use std::time::Instant;

use crate::{
    callable::Callable,
    executor::ClosureExecutor,
    future::Future,
    host::{Ending, Home, Host},
    task::{Submission, Task},
};

/// Runs each callable on the thread that submits it, before `submit` returns.
///
/// For tests, for debugging, and for code that is generic over executors; all futures it gives are done.
///
/// # Examples
/// ```
/// use cf_core::{Executor, InlineExecutor};
///
/// let future = InlineExecutor::new().submit(|| 6 * 7);
/// assert!(future.done());
/// assert_eq!(future.result().unwrap(), 42);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InlineExecutor;

impl InlineExecutor {
    /// Makes the executor; it has no state.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(cf_core::InlineExecutor::new(), cf_core::InlineExecutor);
    /// ```
    pub const fn new() -> Self {
        Self
    }
}

impl ClosureExecutor for InlineExecutor {
    #[track_caller]
    fn spawn<C: Callable + 'static>(&self, callable: C) -> Future<C::Output> {
        let (task, future) = Submission::new(callable, Home::NOWHERE).split();
        task.run(&Nowhere);
        future
    }
}

/// A task that runs inline is counted by nobody; waits in it turn to the worker it runs on, if there is one.
struct Nowhere;

impl Host for Nowhere {
    fn home(&self) -> Home {
        Home::NOWHERE
    }

    fn has_stack(&self) -> bool {
        false
    }

    fn take_queued(&self, _: usize) -> Option<Task> {
        None
    }

    fn starting(&self) -> Option<Instant> {
        None
    }

    fn finishing(&self, _: Ending, _: Option<Instant>) {}

    fn ready(&self) {}

    fn not_ready(&self) {}

    fn can_be_replaced(&self) -> bool {
        false
    }

    fn block(&self) -> bool {
        false
    }

    fn unblock(&self) {}
}
