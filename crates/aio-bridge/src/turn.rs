//! Taking part in tokio's turns: a task whose futures are all done as soon as it awaits them lets others run now and then.

use std::task::{Context, Poll, ready};

use tokio::task::coop;

/// Polls, unless the running task has had its turn; outside of tokio there are none.
pub(crate) fn poll<R>(
    context: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    let turn = ready!(coop::poll_proceed(context));
    let polled = poll(context);
    if polled.is_ready() {
        turn.made_progress();
    }
    polled
}
