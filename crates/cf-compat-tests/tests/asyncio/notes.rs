//! What happened, in order.

use std::sync::{Arc, Mutex};

/// Notes of what happened; clones share them.
pub(crate) struct Notes<N = &'static str>(Arc<Mutex<Vec<N>>>);

impl<N> Clone for Notes<N> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<N> Notes<N> {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn note(&self, what: N) {
        self.0.lock().unwrap().push(what);
    }

    /// Gives what was noted since the last time.
    pub(crate) fn take(&self) -> Vec<N> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl<N: Send + 'static> Notes<N> {
    /// Notes it when what this gives is dropped.
    pub(crate) fn at_drop(&self, what: N) -> AtDrop<N> {
        AtDrop(self.clone(), Some(what))
    }
}

/// What [`Notes::at_drop`] gives.
pub(crate) struct AtDrop<N>(Notes<N>, Option<N>);

impl<N> Drop for AtDrop<N> {
    fn drop(&mut self) {
        if let Some(what) = self.1.take() {
            self.0.note(what);
        }
    }
}
