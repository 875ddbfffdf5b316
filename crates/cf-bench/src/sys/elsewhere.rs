//! Systems without `/proc`: the readings say that they are not to be had, and the cases that need them fail.

use std::{collections::BTreeMap, io, time::Duration};

pub(crate) fn pin_to_one_core() -> io::Result<()> {
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
