//! What became of a future that something else holds.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use cf_core::Done;

/// Noted by a callback: whether it ended, and whether that was by a cancellation.
#[derive(Clone, Default)]
pub(super) struct Fate(Arc<Mutex<Option<bool>>>);

impl Fate {
    /// The callback.
    pub(super) fn noted(&self) -> impl FnOnce(&Done<'_, u32>) + Send + 'static {
        let fate = self.clone();
        move |done| *fate.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(done.cancelled())
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write!(
            f,
            "x.done()={} x.cancelled()={}",
            ended.is_some(),
            ended == Some(true)
        )
    }
}
