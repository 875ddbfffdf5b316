//! Values that cross badly, or watch themselves cross.

use std::{
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::way::Way;

/// What a value does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Does {
    Nothing,
    Refuse,
    Panic,
    Die(Way),
}

impl Does {
    fn it(self) -> Result<(), &'static str> {
        match self {
            Self::Nothing => Ok(()),
            Self::Refuse => Err("it does not want to"),
            Self::Panic => panic!("on the way"),
            Self::Die(way) => {
                way.go();
                Ok(())
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
    pub(crate) fn end(self) {
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

static N_COUNTED: AtomicUsize = AtomicUsize::new(0);

/// Counts itself in each process.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "u32", into = "u32")]
pub(crate) struct Counted(u32);

impl Counted {
    pub(crate) fn new(n: u32) -> Self {
        N_COUNTED.fetch_add(1, Ordering::SeqCst);
        Self(n)
    }

    /// How many there are in this process.
    pub(crate) fn n_living() -> usize {
        N_COUNTED.load(Ordering::SeqCst)
    }
}

impl From<u32> for Counted {
    fn from(n: u32) -> Self {
        Self::new(n)
    }
}

impl From<Counted> for u32 {
    fn from(counted: Counted) -> Self {
        counted.0
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self::new(self.0)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        N_COUNTED.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The process that runs it.
#[cf_pool::task]
pub(crate) fn pid() -> u32 {
    process::id()
}

#[cf_pool::task]
pub(crate) fn double(n: u32) -> u32 {
    n * 2
}
