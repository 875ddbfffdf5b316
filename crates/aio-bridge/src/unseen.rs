//! Failures that nobody looked at: told once, as a `tracing` event.

use cf_core::{Done, Error, unwind};

/// Reports the failure of a future whose last handle is gone.
pub(crate) fn report(what: &'static str, error: &Error) {
    unwind::report(format_args!("{what} exception was never retrieved"), error);
}

/// Reports how a future ended that nobody has a handle on any more; a cancellation is nothing to report.
pub(crate) fn report_end<T>(what: &'static str, done: &Done<'_, T>) {
    if let Some(error) = done.exception().filter(|_| !done.cancelled()) {
        report(what, error);
    }
}
