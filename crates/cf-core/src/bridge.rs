//! The awaitable face of the cell, for authors of bridges to an asynchronous runtime.
//!
//! What is here can be polled by any runtime and knows of none. It follows asyncio's rules where they differ from those of
//! [`Future`](crate::Future): a cancellation wins over running work, whose reader is told at once while the work goes on.
//! Programs use `aio_bridge`, which is made of these parts.
//!
//! | part | for |
//! |---|---|
//! | [`Awaited`] | the one handle that takes the outcome |
//! | [`SharedAwaited`] | the same on a [`SharedFuture`](crate::SharedFuture): clones that each clone the outcome |
//! | [`Observer`] | looking at the end without taking it |
//! | [`Completions`] | waiting for many, O(n) in all |
//! | [`AwaitedCanceller`] | cancelling from elsewhere |

mod awaited;
mod canceller;
mod completions;
mod observer;
mod shared;

pub use self::{
    awaited::Awaited, canceller::AwaitedCanceller, completions::Completions, completions::Watched,
    observer::Observer, shared::SharedAwaited,
};

pub use crate::frame::task_depth;

use std::task::{Context, Poll};

use crate::node::{Node, TaskKey, Watch, Watcher};

/// Ready once the future has ended or its reader gave up.
pub(crate) fn poll_end(node: &dyn Node, key: TaskKey, context: &mut Context<'_>) -> Poll<()> {
    if is_over(node)
        || node.watch_as_awaited(Watcher::Task(context.waker().clone(), key)) == Watch::Ended
    {
        Poll::Ready(())
    } else {
        Poll::Pending
    }
}

fn is_over(node: &dyn Node) -> bool {
    node.phase().is_final() || node.is_abandoned()
}

/// Ends the future for those who await it: cancelled if it is pending, given up and asked to stop if it runs.
fn give_up(node: &dyn Node) -> bool {
    if is_done(node) {
        return false;
    }
    node.request_cancel();
    node.abandon()
}

fn is_cancelled(node: &dyn Node) -> bool {
    node.is_cancelled() || node.is_abandoned()
}

fn is_done(node: &dyn Node) -> bool {
    node.is_done() || node.is_abandoned()
}
