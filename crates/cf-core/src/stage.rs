//! What a cell holds at each stage of its life: its body, nothing, its outcome, or who has that for a moment.

use crate::{
    body::{Body, Produces},
    error::Error,
    state::Phase,
    sync::thread,
};

/// A stage of a cell.
pub(crate) enum Stage<B: Produces> {
    Pending(B),
    Running,
    Done(Result<B::Output, Error>),
    /// Out of the cell for the time of a callback or a peek; kept here are who has it and how it failed.
    Lent(Box<Loan>),
    Taken,
}

/// An outcome that somebody looks at.
pub(crate) struct Loan {
    pub(crate) borrower: thread::ThreadId,
    pub(crate) cancelled: bool,
    pub(crate) error: Option<Error>,
}

impl<B: Body> Stage<B> {
    pub(crate) fn lent(outcome: &Result<B::Output, Error>, phase: Phase) -> Self {
        Self::Lent(Box::new(Loan {
            borrower: thread::current().id(),
            cancelled: phase == Phase::Cancelled,
            error: outcome.as_ref().err().cloned(),
        }))
    }

    pub(crate) fn is_lent_to_me(&self) -> bool {
        matches!(self, Self::Lent(loan) if loan.borrower == thread::current().id())
    }
}
