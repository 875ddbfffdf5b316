//! Limits of time on the loop's clock.

use std::{future::Future, time::Duration};

use cf_core::TimedOut;
use tokio::time::{Instant, Sleep};

/// When a time that begins now is over; `None` lies beyond what the clock can tell.
pub(crate) fn after(time: Duration) -> Option<Instant> {
    Instant::now().checked_add(time)
}

/// A timer for `deadline`; one that never rings needs none.
pub(crate) fn timer(deadline: Option<Instant>) -> Option<Sleep> {
    deadline.map(tokio::time::sleep_until)
}

/// Awaits `future`, but not longer than `time`; it is dropped then.
pub(crate) async fn within<F: Future>(time: Duration, future: F) -> Result<F::Output, TimedOut> {
    tokio::time::timeout(time, future)
        .await
        .map_err(|_| TimedOut::SINGLE)
}

/// Waits for `time`; zero is one pass of the loop, in which other tasks run. Follows `asyncio.sleep`.
///
/// # Panics
/// Outside a tokio runtime with its timer enabled.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// aio_bridge::run(aio_bridge::sleep(Duration::from_millis(1))).unwrap();
/// ```
pub async fn sleep(time: Duration) {
    if time.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(time).await;
    }
}
