//! A limit of time on a block of awaits.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use cf_core::{
    TimedOut,
    sync::{Mutex, lock},
    unwind,
};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use crate::{
    awaitable::Awaitable,
    clock,
    delivery::{self, Stoppable},
};

/// Runs a block of awaits for `time` at most (`None`: no limit), and cancels it then.
///
/// What the block awaits is cancelled first, and waited for, if it is a task or future of this crate; then the block is
/// dropped at its await. What is to go on in spite of that, such as a shared future that others await, is put behind
/// [`shield`](crate::shield). A block that catches that ([`cancelled`](crate::cancelled())) may go on and give its value. Follows
/// `asyncio.timeout`.
///
/// # Errors
/// [`TimedOut`], also if what the block awaited took longer to end.
///
/// # Panics
/// Outside a tokio runtime with its timer enabled.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aio_bridge::{run, sleep, timeout};
///
/// run(async {
///     let name = "tea".to_owned();
///     let in_time = timeout(Duration::from_secs(9), async { name.len() }).await;
///     assert_eq!(in_time, Ok(3));
///     let late = timeout(Duration::from_millis(1), sleep(Duration::from_secs(9))).await;
///     assert!(late.is_err());
/// }).unwrap();
/// ```
pub fn timeout<A: Awaitable>(time: impl Into<Option<Duration>>, block: A) -> Timeout<A::Body> {
    let deadline = time.into().map_or_else(Deadline::never, Deadline::after);
    timeout_at(deadline, block)
}

/// Runs a block of awaits as [`timeout`] does, up to a deadline that can be moved meanwhile. Follows `asyncio.timeout_at`.
///
/// # Errors
/// [`TimedOut`].
///
/// # Panics
/// Outside a tokio runtime with its timer enabled.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aio_bridge::{Deadline, run, sleep, timeout_at};
///
/// run(async {
///     let deadline = Deadline::after(Duration::from_millis(5));
///     let block = async {
///         deadline.reschedule(Duration::from_secs(9));
///         sleep(Duration::from_millis(20)).await;
///     };
///     assert_eq!(timeout_at(deadline.clone(), block).await, Ok(()));
/// }).unwrap();
/// ```
pub fn timeout_at<A: Awaitable>(deadline: impl Into<Deadline>, block: A) -> Timeout<A::Body> {
    Timeout {
        block: Stoppable::new(block.into_future()),
        keeping: Keeping::new(deadline.into()),
        timer: None,
        timed: None,
        is_over: false,
    }
}

/// When a block is to end; a handle that can be cloned, to move it while the block runs.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aio_bridge::Deadline;
///
/// let deadline = Deadline::never();
/// assert!(deadline.when().is_none());
/// deadline.reschedule(Duration::from_secs(1));
/// assert!(deadline.when().is_some());
/// ```
#[derive(Clone)]
pub struct Deadline(Arc<Mutex<Moved>>);

struct Moved {
    when: Option<Instant>,
    /// The timeouts that keep to it, to be polled when it is moved.
    wakers: Vec<(u64, Waker)>,
}

impl Deadline {
    fn new(when: Option<Instant>) -> Self {
        Self(Arc::new(Mutex::new(Moved {
            when,
            wakers: Vec::new(),
        })))
    }

    /// One that lies `time` ahead.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// assert!(aio_bridge::Deadline::after(Duration::from_secs(1)).when().is_some());
    /// ```
    pub fn after(time: Duration) -> Self {
        Self::new(clock::after(time))
    }

    /// One that does not come by itself.
    ///
    /// # Examples
    /// ```
    /// assert!(aio_bridge::Deadline::never().when().is_none());
    /// ```
    pub fn never() -> Self {
        Self::new(None)
    }

    /// Moves it to `time` from now (`None`: to never). Follows `asyncio.Timeout.reschedule`.
    ///
    /// Too late, that is without an effect, once the block was cancelled.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let deadline = aio_bridge::Deadline::after(Duration::from_secs(1));
    /// deadline.reschedule(None);
    /// assert!(deadline.when().is_none());
    /// ```
    pub fn reschedule(&self, time: impl Into<Option<Duration>>) {
        let when = time.into().and_then(clock::after);
        let mut moved = lock(&self.0);
        moved.when = when;
        let wakers = std::mem::take(&mut moved.wakers);
        drop(moved);
        unwind::wake(wakers.into_iter().map(|(_, waker)| waker));
    }

    /// Gives the time at which the block is cancelled; `None` for never.
    ///
    /// # Examples
    /// ```
    /// assert!(aio_bridge::Deadline::never().when().is_none());
    /// ```
    pub fn when(&self) -> Option<Instant> {
        lock(&self.0).when
    }
}

/// One timeout's hold on a deadline.
struct Keeping {
    deadline: Deadline,
    id: u64,
}

impl Keeping {
    fn new(deadline: Deadline) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        Self {
            deadline,
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// When it is, as of now; a later move wakes.
    fn watch(&self, context: &Context<'_>) -> Option<Instant> {
        let waker = context.waker().clone();
        let mut moved = lock(&self.deadline.0);
        let ours = moved.wakers.iter().position(|(id, _)| *id == self.id);
        let older = ours.map(|index| moved.wakers.swap_remove(index));
        moved.wakers.push((self.id, waker));
        let when = moved.when;
        drop(moved);
        drop(older);
        when
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        let mut moved = lock(&self.deadline.0);
        let ours = moved.wakers.iter().position(|(id, _)| *id == self.id);
        let waker = ours.map(|index| moved.wakers.swap_remove(index));
        drop(moved);
        drop(waker);
    }
}

impl From<Instant> for Deadline {
    fn from(when: Instant) -> Self {
        Self::new(Some(when))
    }
}

impl From<std::time::Instant> for Deadline {
    fn from(when: std::time::Instant) -> Self {
        Self::new(Some(when.into()))
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Deadline").field(&self.when()).finish()
    }
}

pin_project! {
    /// What [`timeout`] and [`timeout_at`] give.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Timeout<F> {
        #[pin]
        block: Stoppable<F>,
        keeping: Keeping,
        #[pin]
        timer: Option<Sleep>,
        // What the timer is set to.
        timed: Option<Instant>,
        is_over: bool,
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, TimedOut>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.block.as_mut().poll(context) {
                // Cancelled from outside as well: who awaits is dropped.
                Poll::Ready(None) if delivery::is_cancelling() => return Poll::Pending,
                Poll::Ready(output) => return Poll::Ready(output.ok_or(TimedOut::SINGLE)),
                Poll::Pending => {}
            }
            if *this.is_over {
                return Poll::Pending;
            }
            let when = this.keeping.watch(context);
            if when != *this.timed {
                *this.timed = when;
                this.timer.set(clock::timer(when));
            }
            match this.timer.as_mut().as_pin_mut() {
                None => return Poll::Pending,
                Some(timer) => ready!(timer.poll(context)),
            }
            *this.is_over = true;
            this.block.as_mut().stop();
        }
    }
}

impl<F> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout")
            .field("deadline", &self.keeping.deadline)
            .field("expired", &self.is_over)
            .finish_non_exhaustive()
    }
}
