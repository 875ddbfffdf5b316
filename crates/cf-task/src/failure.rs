//! How a call failed, as data: what crosses instead of an error, and becomes one again on the other side.

use std::error::Error as StdError;

use cf_core::{BoxError, Error, Panic, PanicLocation, Timeout};
use serde::{Deserialize, Serialize};

use crate::{codec::CodecError, remote::RemoteError};

/// A chain of sources is told up to this length.
const MAX_CHAIN: usize = 32;

/// How a call failed, in a form that can be sent.
///
/// # Examples
/// ```
/// use cf_core::Error;
/// use cf_task::Failure;
///
/// let failure = Failure::from(Error::Cancelled);
/// assert!(matches!(failure.into_error(4242), Error::Cancelled));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Failure {
    /// The function returned an error.
    Raised {
        /// The name of its type.
        type_name: String,
        /// Its message and those of its sources.
        chain: Vec<String>,
    },
    /// The function panicked.
    Panicked {
        /// What it said.
        message: String,
        /// The thread on which it did.
        thread: String,
        /// Where: file, line and column.
        location: Option<(String, u32, u32)>,
    },
    /// It ended at a checkpoint after a request to stop.
    Cancelled,
    /// A wait in it took too long.
    TimedOut,
    /// A promise in it was dropped.
    BrokenPromise,
    /// Arguments or result could not be encoded or decoded.
    Codec(String),
    /// There is no such task where the call went.
    Unknown,
}

impl Failure {
    /// Describes the error that a function returned, whose type has this name.
    ///
    /// # Examples
    /// ```
    /// use cf_task::Failure;
    ///
    /// let failure = Failure::of("no ink".into(), "printer::Error");
    /// assert_eq!(failure.into_error(7).to_string(), "no ink");
    /// ```
    pub fn of(error: BoxError, type_name: &str) -> Self {
        match Error::from_box(error) {
            Error::Raised(exception) => Self::raised(exception.get_ref(), type_name),
            own => own.into(),
        }
    }

    fn raised(error: &(dyn StdError + 'static), type_name: &str) -> Self {
        let chain = std::iter::successors(Some(error), |error: &&(dyn StdError + 'static)| {
            let error: &(dyn StdError + 'static) = *error;
            error.source()
        });
        // What has come from further away keeps its name.
        let type_name = error
            .downcast_ref()
            .map_or(type_name, RemoteError::type_name);
        Self::Raised {
            type_name: type_name.to_owned(),
            chain: chain.take(MAX_CHAIN).map(ToString::to_string).collect(),
        }
    }

    /// Makes the error of it that the future gives; it happened in process `pid`.
    ///
    /// # Examples
    /// ```
    /// use cf_core::Error;
    /// use cf_task::Failure;
    ///
    /// let failure = Failure::Panicked { message: "no ink".into(), thread: "main".into(), location: None };
    /// assert!(matches!(failure.into_error(4242), Error::Panicked(panic) if panic.message() == "no ink"));
    /// ```
    pub fn into_error(self, pid: u32) -> Error {
        match self {
            Self::Raised {
                type_name,
                mut chain,
            } => {
                // What has come may be anything; the sources are nested, and so are the drops of them.
                chain.truncate(MAX_CHAIN);
                Error::from_box(Box::new(RemoteError::new(type_name, chain, pid)))
            }
            Self::Panicked {
                message,
                thread,
                location,
            } => {
                let location =
                    location.map(|(file, line, column)| PanicLocation::new(file, line, column));
                Error::Panicked(Panic::remote(message, thread, location))
            }
            Self::Cancelled => Error::Cancelled,
            Self::TimedOut => Error::TimedOut(Timeout::default()),
            Self::BrokenPromise => Error::BrokenPromise,
            Self::Codec(message) => {
                let name = std::any::type_name::<CodecError>().to_owned();
                Error::from_box(Box::new(RemoteError::new(name, vec![message], pid)))
            }
            Self::Unknown => Error::from_box(
                "the worker does not know this task: register it before `cf_pool::init()`".into(),
            ),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Cancelled => Self::Cancelled,
            Error::TimedOut(_) => Self::TimedOut,
            Error::BrokenPromise => Self::BrokenPromise,
            Error::Panicked(panic) => Self::Panicked {
                message: panic.message().to_owned(),
                thread: panic.thread().to_owned(),
                location: panic
                    .location()
                    .map(|place| (place.file().to_owned(), place.line(), place.column())),
            },
            Error::Raised(exception) => {
                Self::raised(exception.get_ref(), std::any::type_name::<BoxError>())
            }
            other => Self::raised(&other, std::any::type_name::<Error>()),
        }
    }
}

impl From<CodecError> for Failure {
    fn from(error: CodecError) -> Self {
        Self::Codec(error.to_string())
    }
}
