//! Taking part in tokio's turns: a task that always finds its futures done lets others run now and then.

use std::task::{Context, Poll};

use tokio::task::coop;

/// What a future remembers of it.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    has_given_way: bool,
}

impl Turn {
    /// Whether the running task still has its turn; outside of tokio always.
    pub(crate) fn lasts(&self) -> bool {
        coop::has_budget_remaining()
    }

    /// Counts what was found done, and says whether the future has to give way first: once only, for what polls may be an
    /// executor inside the task, for which the next turn never comes.
    pub(crate) fn has_to_give_way(&mut self, context: &mut Context<'_>) -> bool {
        if self.lasts() {
            if let Poll::Ready(turn) = coop::poll_proceed(context) {
                turn.made_progress();
            }
            return false;
        }
        if std::mem::replace(&mut self.has_given_way, true) {
            return false;
        }
        context.waker().wake_by_ref();
        true
    }
}
