//! Time that ran out: for who waited, and for the call itself.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use crate::error::Error;

/// What ran out of time, as [`Error::TimedOut`] carries it.
///
/// # Examples
/// ```
/// use cf_core::{Error, TimedOut, Timeout};
///
/// assert_eq!(Error::TimedOut(Timeout::default()).to_string(), "timed out");
/// assert_eq!(Error::from(TimedOut::of_set(2, 5)).to_string(), "2 (of 5) futures unfinished");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Timeout(Option<Arc<Late>>);

/// What there is to tell beyond that time ran out.
#[derive(Debug)]
enum Late {
    Set(TimedOut),
    Call {
        task: String,
        ran: Duration,
        limit: Duration,
    },
}

impl Timeout {
    /// The call of `task` was ended after it `ran` longer than its `limit`; for authors of executors.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use cf_core::Timeout;
    ///
    /// let late = Timeout::of_call("my_crate::slow".to_owned(), Duration::from_millis(1020), Duration::from_secs(1));
    /// assert_eq!(late.to_string(), "`my_crate::slow` ran for 1.02s, its limit was 1s: its worker was killed");
    /// ```
    pub fn of_call(task: String, ran: Duration, limit: Duration) -> Self {
        Self(Some(Arc::new(Late::Call { task, ran, limit })))
    }

    /// Gives how long the call had run when it was ended; `None` if a wait timed out.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use cf_core::Timeout;
    ///
    /// let late = Timeout::of_call("my_crate::slow".to_owned(), Duration::from_secs(2), Duration::from_secs(1));
    /// assert_eq!(late.ran(), Some(Duration::from_secs(2)));
    /// ```
    pub fn ran(&self) -> Option<Duration> {
        match self.0.as_deref()? {
            Late::Call { ran, .. } => Some(*ran),
            Late::Set(_) => None,
        }
    }

    /// Gives how long the call was allowed to run; `None` if a wait timed out.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use cf_core::Timeout;
    ///
    /// let late = Timeout::of_call("my_crate::slow".to_owned(), Duration::from_secs(2), Duration::from_secs(1));
    /// assert_eq!(late.limit(), Some(Duration::from_secs(1)));
    /// ```
    pub fn limit(&self) -> Option<Duration> {
        match self.0.as_deref()? {
            Late::Call { limit, .. } => Some(*limit),
            Late::Set(_) => None,
        }
    }

    /// Gives the name of the task whose call was ended; `None` if a wait timed out.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use cf_core::Timeout;
    ///
    /// let late = Timeout::of_call("my_crate::slow".to_owned(), Duration::from_secs(2), Duration::from_secs(1));
    /// assert_eq!(late.task(), Some("my_crate::slow"));
    /// assert_eq!(Timeout::default().task(), None);
    /// ```
    pub fn task(&self) -> Option<&str> {
        match self.0.as_deref()? {
            Late::Call { task, .. } => Some(task),
            Late::Set(_) => None,
        }
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_deref() {
            None => TimedOut::SINGLE.fmt(f),
            Some(Late::Set(timed_out)) => timed_out.fmt(f),
            Some(Late::Call { task, ran, limit }) => write!(
                f,
                "`{task}` ran for {ran:.2?}, its limit was {limit:?}: its worker was killed"
            ),
        }
    }
}

impl From<TimedOut> for Timeout {
    fn from(timed_out: TimedOut) -> Self {
        Self(timed_out.of_set.then(|| Arc::new(Late::Set(timed_out))))
    }
}

/// The wait ran out of time; what was waited for is untouched and can be waited for again.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use cf_core::Promise;
///
/// let (_promise, mut future) = Promise::<u32>::new();
/// assert_eq!(future.result_timeout(Duration::ZERO).unwrap_err().to_string(), "timed out");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut {
    unfinished: usize,
    total: usize,
    of_set: bool,
}

impl TimedOut {
    /// The wait was for one future; for authors of bridges.
    pub const SINGLE: Self = Self {
        unfinished: 1,
        total: 1,
        of_set: false,
    };

    /// The wait was for `total` futures, and `unfinished` of them had not been handed out; for authors of bridges.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(cf_core::TimedOut::of_set(2, 5).to_string(), "2 (of 5) futures unfinished");
    /// ```
    pub fn of_set(unfinished: usize, total: usize) -> Self {
        Self {
            unfinished,
            total,
            of_set: true,
        }
    }

    /// Gives how many futures had not been handed out when the time ran out.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let (_promise, future) = cf_core::Promise::<u32>::new();
    /// let mut done = cf_core::as_completed_timeout([future], Duration::ZERO);
    /// assert_eq!(done.next().unwrap().unwrap_err().unfinished(), 1);
    /// ```
    pub fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// Gives how many distinct futures were waited for.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let (_promise, future) = cf_core::Promise::<u32>::new();
    /// assert_eq!(future.exception_timeout(Duration::ZERO).unwrap_err().total(), 1);
    /// ```
    pub fn total(&self) -> usize {
        self.total
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.of_set {
            write!(
                f,
                "{} (of {}) futures unfinished",
                self.unfinished, self.total
            )
        } else {
            f.write_str("timed out")
        }
    }
}

impl StdError for TimedOut {}

impl From<TimedOut> for Error {
    fn from(timed_out: TimedOut) -> Self {
        Self::TimedOut(timed_out.into())
    }
}
