//! An error that a function returned in another process.

use std::{error::Error as StdError, fmt};

/// What is left of an error that a task returned in another process: its type's name, its message and those of its sources.
///
/// Displays as the error did. It is found in a failed future by
/// [`downcast_ref`](cf_core::Error::downcast_ref).
///
/// # Examples
/// ```
/// use cf_core::Error;
/// use cf_task::{Failure, RemoteError};
///
/// let failure = Failure::of("disk full".into(), "std::io::Error");
/// let error = failure.into_error(4242);
/// let remote = error.downcast_ref::<RemoteError>().unwrap();
/// assert_eq!((remote.to_string().as_str(), remote.type_name(), remote.pid()), ("disk full", "std::io::Error", 4242));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteError {
    type_name: String,
    message: String,
    source: Option<Box<RemoteCause>>,
    pid: u32,
}

impl RemoteError {
    pub(crate) fn new(type_name: String, chain: Vec<String>, pid: u32) -> Self {
        let mut chain = chain.into_iter();
        let message = chain.next().unwrap_or_default();
        let source = chain.rev().fold(None, |source, message| {
            Some(Box::new(RemoteCause { message, source }))
        });
        Self {
            type_name,
            message,
            source,
            pid,
        }
    }

    /// Gives the name of the error's type, as `std::any::type_name` has it.
    ///
    /// # Examples
    /// ```
    /// # use cf_task::{Failure, RemoteError};
    /// let error = Failure::of("no ink".into(), "printer::Error").into_error(1);
    /// assert_eq!(error.downcast_ref::<RemoteError>().unwrap().type_name(), "printer::Error");
    /// ```
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// Gives the process in which it happened.
    ///
    /// # Examples
    /// ```
    /// # use cf_task::{Failure, RemoteError};
    /// let error = Failure::of("no ink".into(), "printer::Error").into_error(4242);
    /// assert_eq!(error.downcast_ref::<RemoteError>().unwrap().pid(), 4242);
    /// ```
    pub fn pid(&self) -> u32 {
        self.pid
    }
}

impl fmt::Debug for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} in process {}: {:?}",
            self.type_name, self.pid, self.message
        )?;
        let mut source = self.source.as_ref();
        while let Some(cause) = source {
            write!(f, ", caused by {:?}", cause.message)?;
            source = cause.source.as_ref();
        }
        Ok(())
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for RemoteError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|cause| &**cause as _)
    }
}

/// One of the sources of the error.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RemoteCause {
    message: String,
    source: Option<Box<RemoteCause>>,
}

impl fmt::Display for RemoteCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for RemoteCause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|cause| &**cause as _)
    }
}
