//! Values that cross badly, and calls that end their worker.

use std::process;

use cf_core::{Error, WorkerDied};
use cf_pool::task;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::child::leave_no_core;

/// What a value or a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Does {
    Nothing,
    Refuse,
    Exit,
    Crash,
}

/// With what a value or a call exits.
pub(crate) const EXIT_CODE: i32 = 3;

impl Does {
    fn it(self) -> Result<(), &'static str> {
        match self {
            Self::Nothing => Ok(()),
            Self::Refuse => Err("it does not want to"),
            Self::Exit => process::exit(EXIT_CODE),
            Self::Crash => {
                leave_no_core();
                process::abort()
            }
        }
    }
}

/// Does something when it is encoded, and something when it is decoded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unruly {
    pub(crate) encoded: Does,
    pub(crate) decoded: Does,
}

impl Unruly {
    pub(crate) fn when_encoded(does: Does) -> Self {
        Self {
            encoded: does,
            decoded: Does::Nothing,
        }
    }

    pub(crate) fn when_decoded(does: Does) -> Self {
        Self {
            encoded: Does::Nothing,
            decoded: does,
        }
    }

    /// It came through.
    fn end(self) {
        let Self { .. } = self;
    }
}

impl Serialize for Unruly {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.encoded.it().map_err(ser::Error::custom)?;
        self.decoded.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Unruly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let decoded = Does::deserialize(deserializer)?;
        decoded.it().map_err(de::Error::custom)?;
        Ok(Self::when_decoded(decoded))
    }
}

/// Takes a value that may not arrive.
#[task]
pub(crate) fn take(value: Unruly) -> u64 {
    value.end();
    7
}

/// Gives a value that may not arrive.
#[task]
pub(crate) fn give(encoded: Does, decoded: Does) -> Unruly {
    Unruly { encoded, decoded }
}

/// Does it.
#[task]
pub(crate) fn act(does: Does) -> Result<u64, String> {
    does.it()?;
    Ok(7)
}

/// Gives the process that runs it.
#[task]
pub(crate) fn pid() -> u32 {
    process::id()
}

/// How a worker died, if that is how a call failed.
pub(crate) fn died<T: std::fmt::Debug>(outcome: Result<T, Error>) -> WorkerDied {
    match outcome {
        Err(Error::WorkerDied(died)) => died,
        other => panic!("no worker died: {other:?}"),
    }
}

/// Whether a worker died of what a call or a value did.
pub(crate) fn is_of(died: &WorkerDied, does: Does) -> bool {
    match does {
        Does::Exit => died.code() == Some(EXIT_CODE),
        Does::Crash => died.signal() == Some(rustix::process::Signal::ABORT.as_raw()),
        Does::Nothing | Does::Refuse => false,
    }
}
