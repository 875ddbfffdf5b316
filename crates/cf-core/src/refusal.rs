//! Why an executor takes no work: refused this time, or broken for good.

use std::{error::Error as StdError, fmt, sync::Arc};

use crate::error::Error;

/// Why an executor refused work.
///
/// # Examples
/// ```
/// use cf_core::Reason;
///
/// assert_eq!(Reason::Shutdown.to_string(), "cannot schedule new futures after shutdown");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The executor was shut down.
    Shutdown,
    /// The queue is full; the work can be tried again later, or submitted with waiting.
    Full,
    /// The executor broke and takes no more work.
    Broken(BrokenExecutor),
    /// This thread belongs to a running event loop: it runs it, or does blocking work for it.
    EventLoopRunning,
    /// The event loop was closed.
    EventLoopClosed,
    /// The operating system refused the first thread, so nothing could run the work.
    NoThread(Arc<std::io::Error>),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shutdown => f.write_str("cannot schedule new futures after shutdown"),
            Self::Full => f.write_str(
                "the queue is full: try again later, or use submit, which waits for room",
            ),
            Self::EventLoopRunning => f.write_str(
                "this thread belongs to a running event loop: await the coroutine, or make it a task with create_task",
            ),
            Self::EventLoopClosed => f.write_str("the event loop is closed"),
            Self::Broken(broken) => broken.fmt(f),
            Self::NoThread(error) => write!(f, "no worker thread could be started: {error}"),
        }
    }
}

impl StdError for Reason {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Broken(broken) => broken.source(),
            Self::NoThread(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Broken(broken) => Self::BrokenExecutor(broken),
            reason => Self::Rejected(reason),
        }
    }
}

/// The executor is broken: it starts nothing any more. Displays why.
///
/// The counterpart of `concurrent.futures.BrokenExecutor`.
///
/// # Examples
/// ```
/// use cf_core::{BrokenExecutor, Error, Timeout};
///
/// let cause = Error::TimedOut(Timeout::default());
/// let broken = BrokenExecutor::new("a worker's initializer failed", Some(cause));
/// assert_eq!(broken.to_string(), "a worker's initializer failed: timed out");
/// ```
#[derive(Clone, Debug)]
pub struct BrokenExecutor(Arc<Breakdown>);

#[derive(Debug)]
struct Breakdown {
    what: &'static str,
    cause: Option<Error>,
}

impl BrokenExecutor {
    /// Makes the error: `what` happened (lower case, no full stop), because of `cause`.
    ///
    /// # Examples
    /// ```
    /// let broken = cf_core::BrokenExecutor::new("the printer is gone", None);
    /// assert_eq!(broken.to_string(), "the printer is gone");
    /// ```
    pub fn new(what: &'static str, cause: Option<Error>) -> Self {
        Self(Arc::new(Breakdown { what, cause }))
    }
}

impl BrokenExecutor {
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Display for BrokenExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.what)?;
        self.0
            .cause
            .as_ref()
            .map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

impl StdError for BrokenExecutor {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as _)
    }
}
