//! What a cell holds before it is started, and what comes out of that.

use std::sync::{Arc, Weak};

use crate::{cell::Cell, error::Error, host::Host, node::Node};

/// What comes out of a body. Without the bounds of [`Body`], so that a cell is seen to be `Send` also where the compiler has
/// forgotten lifetimes: in a coroutine that holds a promise of a `&'static str`.
pub(crate) trait Produces {
    type Output;
}

/// What a cell holds until it is started: a callable with its context, or the lack of one behind a bare promise.
pub(crate) trait Body: Produces<Output: Send + 'static> + Send + Sized + 'static {
    /// Runs a queued cell; a bare promise has nothing to run.
    fn run(cell: Arc<Cell<Self>>, host: &dyn Host) -> bool;

    /// Runs a queued cell for its one reader and gives the outcome; gives the cell back if there is nothing to run.
    fn run_and_take(
        cell: Arc<Cell<Self>>,
        _: &dyn Host,
    ) -> Result<Result<Self::Output, Error>, Arc<Cell<Self>>> {
        Err(cell)
    }

    fn sources(&self) -> Vec<Weak<dyn Node>> {
        Vec::new()
    }

    fn name() -> &'static str;
}
