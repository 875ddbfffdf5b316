//! Every way in which a task, a wait or a submission can fail, as values that are cheap to clone.

use std::{any::Any, error::Error as StdError, fmt, sync::Arc};

use crate::{
    death::WorkerDied,
    refusal::{BrokenExecutor, Reason},
    timeout::Timeout,
    unwind::Panic,
};

/// Any error that can cross threads: what a fallible callable may fail with.
///
/// # Examples
/// ```
/// let error: cf_core::BoxError = "out of paper".into();
/// assert_eq!(error.to_string(), "out of paper");
/// ```
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// How a future failed.
///
/// The counterpart of the exceptions that `concurrent.futures.Future.result` raises.
///
/// # Examples
/// ```
/// use cf_core::{Error, Promise};
///
/// let (promise, future) = Promise::<u32>::new();
/// drop(promise);
/// assert!(matches!(future.result(), Err(Error::BrokenPromise)));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The task was cancelled before it ran, or ended at a [`checkpoint`](crate::checkpoint) after a request.
    Cancelled,
    /// A wait, or the call itself, took longer than was allowed.
    TimedOut(Timeout),
    /// The promise was dropped before it was fulfilled.
    BrokenPromise,
    /// The callable panicked.
    Panicked(Panic),
    /// The callable returned an error (see [`fallible`](crate::fallible)).
    Raised(Exception),
    /// The executor refused the work.
    Rejected(Reason),
    /// The executor broke before the work was started; where that ends worker processes, also while it ran.
    BrokenExecutor(BrokenExecutor),
    /// The process that ran the call died.
    WorkerDied(WorkerDied),
    /// The wait could never have ended: the tasks named in it wait for each other.
    Deadlock(Deadlock),
    /// A blocking call on a pending future was made by a task of an event loop.
    EventLoopBlocked,
    /// The program was interrupted: Ctrl-C.
    Interrupted,
    /// The future is not in the state that the call needs.
    InvalidState,
}

impl Error {
    /// Gives the callable's own error, if that is how it failed and it is an `E`.
    ///
    /// # Examples
    /// ```
    /// use std::io;
    /// use cf_core::{ClosureExecutor, InlineExecutor, fallible};
    ///
    /// let failed = InlineExecutor::new().spawn(fallible(|| Err::<(), _>(io::Error::other("disk"))));
    /// let error = failed.result().unwrap_err();
    /// assert_eq!(error.downcast_ref::<io::Error>().unwrap().to_string(), "disk");
    /// ```
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        match self {
            Self::Raised(exception) => exception.downcast_ref(),
            _ => None,
        }
    }

    /// Turns any error into one of ours: an [`Error`] stays itself, everything else is [`Error::Raised`].
    ///
    /// # Examples
    /// ```
    /// use cf_core::Error;
    ///
    /// assert!(matches!(Error::from_box(Box::new(Error::Cancelled)), Error::Cancelled));
    /// assert!(matches!(Error::from_box("out of paper".into()), Error::Raised(_)));
    /// ```
    pub fn from_box(error: BoxError) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => *own,
            Err(foreign) => Self::Raised(Exception::new(foreign)),
        }
    }

    /// Tells whether both are clones of one failure; of two that carry nothing, whether they are of one kind.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Error;
    ///
    /// let error = Error::from_box("out of paper".into());
    /// assert!(error.is_same(&error.clone()));
    /// assert!(!error.is_same(&Error::from_box("out of paper".into())));
    /// assert!(Error::Cancelled.is_same(&Error::Cancelled));
    /// ```
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Raised(one), Self::Raised(other)) => Arc::ptr_eq(&one.0, &other.0),
            (Self::Panicked(one), Self::Panicked(other)) => one.is_same(other),
            (Self::BrokenExecutor(one), Self::BrokenExecutor(other)) => one.is_same(other),
            (Self::TimedOut(one), Self::TimedOut(other)) => one.is_same(other),
            (Self::WorkerDied(one), Self::WorkerDied(other)) => one.is_same(other),
            (Self::Deadlock(one), Self::Deadlock(other)) => Arc::ptr_eq(&one.tasks, &other.tasks),
            (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
        }
    }

    /// Unwinds with this error as the payload: how calls without a `Result` report it.
    /// A pool that catches it stores the error as itself.
    pub(crate) fn unwind(self) -> ! {
        std::panic::resume_unwind(Box::new(self))
    }

    pub(crate) fn from_payload(payload: Box<dyn Any + Send>) -> Result<Self, Box<dyn Any + Send>> {
        payload.downcast::<Self>().map(|own| *own)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("the future was cancelled"),
            Self::TimedOut(timeout) => timeout.fmt(f),
            Self::BrokenPromise => f.write_str("the promise was dropped before it was fulfilled"),
            Self::Panicked(panic) => panic.fmt(f),
            Self::Raised(exception) => exception.fmt(f),
            Self::Rejected(reason) => reason.fmt(f),
            Self::BrokenExecutor(broken) => broken.fmt(f),
            Self::WorkerDied(died) => died.fmt(f),
            Self::Deadlock(deadlock) => deadlock.fmt(f),
            Self::EventLoopBlocked => f.write_str(
                "a blocking call on a pending future would stall the event loop: \
                 turn the future into an awaitable one with aio_bridge::wrap_future and await that",
            ),
            Self::Interrupted => f.write_str("interrupted"),
            Self::InvalidState => {
                f.write_str("the future is not in the state that this call needs")
            }
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Raised(exception) => exception.0.source(),
            Self::BrokenExecutor(broken) => broken.source(),
            _ => None,
        }
    }
}

/// The error that a callable returned; displays as that error does.
///
/// # Examples
/// ```
/// use cf_core::{ClosureExecutor, Error, InlineExecutor, fallible};
///
/// let parsed = InlineExecutor::new().spawn(fallible(|| "x".parse::<u8>()));
/// let Err(Error::Raised(exception)) = parsed.result() else { panic!() };
/// assert!(exception.downcast_ref::<std::num::ParseIntError>().is_some());
/// ```
#[derive(Clone)]
pub struct Exception(Arc<BoxError>);

impl Exception {
    pub(crate) fn new(error: BoxError) -> Self {
        Self(Arc::new(error))
    }

    /// Gives the error itself if it is an `E`.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Error;
    ///
    /// let error = Error::from_box(Box::new(std::fmt::Error));
    /// let Error::Raised(exception) = error else { unreachable!() };
    /// assert_eq!(exception.downcast_ref(), Some(&std::fmt::Error));
    /// assert!(exception.downcast_ref::<std::io::Error>().is_none());
    /// ```
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }

    /// Gives the error as a trait object.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Error;
    ///
    /// let Error::Raised(exception) = Error::from_box("no ink".into()) else { unreachable!() };
    /// assert_eq!(exception.get_ref().to_string(), "no ink");
    /// ```
    pub fn get_ref(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &**self.0
    }
}

impl fmt::Debug for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for Exception {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// The promise could not be fulfilled because its future was cancelled or had ended; gives back what was to be stored.
///
/// # Examples
/// ```
/// use cf_core::Promise;
///
/// let (promise, future) = Promise::new();
/// assert!(future.cancel());
/// assert_eq!(promise.set_result(7).unwrap_err().into_inner(), 7);
/// ```
pub struct InvalidState<T>(pub(crate) T);

impl<T> InvalidState<T> {
    /// Gives back the value or error that came too late.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = cf_core::Promise::new();
    /// future.cancel();
    /// assert_eq!(promise.set_result("late").unwrap_err().into_inner(), "late");
    /// ```
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for InvalidState<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InvalidState").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for InvalidState<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the future was cancelled before the promise was fulfilled")
    }
}

impl<T> StdError for InvalidState<T> {}

impl<T> From<InvalidState<T>> for Error {
    fn from(_: InvalidState<T>) -> Self {
        Self::InvalidState
    }
}

/// The names of the tasks that wait for each other in a circle.
///
/// # Examples
/// ```
/// use cf_core::Deadlock;
///
/// fn explain(deadlock: &Deadlock) -> String {
///     deadlock.tasks().join(" and ")
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Deadlock {
    tasks: Arc<Vec<String>>,
}

impl Deadlock {
    /// Makes the error from the names of the tasks in the circle; for authors of executors and bridges.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Deadlock;
    ///
    /// assert_eq!(Deadlock::new(vec!["a task that awaits itself".to_owned()]).tasks().len(), 1);
    /// ```
    pub fn new(tasks: Vec<String>) -> Self {
        Self {
            tasks: Arc::new(tasks),
        }
    }

    /// Gives for each task the type name of its callable and where it was submitted, that whose wait closed the circle first.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Error, Promise};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// let own = promise.run(|| future.result());
    /// let Err(Error::Deadlock(deadlock)) = own else { unreachable!() };
    /// assert_eq!(deadlock.tasks().len(), 1);
    /// ```
    pub fn tasks(&self) -> &[String] {
        &self.tasks
    }
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "deadlock: tasks that wait for each other: {}",
            self.tasks.join(", ")
        )
    }
}

impl StdError for Deadlock {}
