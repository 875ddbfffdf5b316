//! The clock that a machine's processes share.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What it says, in nanoseconds; never 0.
pub(crate) fn monotonic() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let nanos = Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32).as_nanos();
    u64::try_from(nanos).unwrap_or(u64::MAX).max(1)
}
