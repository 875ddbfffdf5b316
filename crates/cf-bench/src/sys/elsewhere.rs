//! Systems without `/proc`: the readings say that they are not to be had, and the cases that need them fail.

use std::{collections::BTreeMap, io, os::fd::OwnedFd, time::Duration};

use super::Activity;

pub(crate) fn pin_to_first_core() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn pin_to_last_core() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn cpu_time() -> Duration {
    Duration::ZERO
}

pub(crate) fn resident_bytes() -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn context_switches_of_others() -> io::Result<BTreeMap<u64, u64>> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn activity() -> io::Result<BTreeMap<u64, Activity>> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn load() -> io::Result<f64> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn kill(_: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What would be left ends with its input or its work.
pub(crate) fn end_with_parent() -> io::Result<()> {
    Ok(())
}

/// There is none without futexes.
pub(crate) enum Exchange {}

impl Exchange {
    pub(crate) fn create() -> io::Result<(Self, OwnedFd)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn open(_: &OwnedFd) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn ask(&self, _: u32) -> u32 {
        match *self {}
    }

    pub(crate) fn answer_all(&self) {
        match *self {}
    }

    pub(crate) fn hang_up(&self) {
        match *self {}
    }
}
