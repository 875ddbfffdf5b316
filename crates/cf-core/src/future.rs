//! The blocking face of a promise: the one handle that reads its outcome.

use std::{
    fmt,
    hash::{Hash, Hasher},
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
    time::Duration,
};

use crate::{
    block::{self, Limit},
    canceller::Canceller,
    done::Done,
    error::Error,
    host,
    node::{self, Node},
    slot::{Lend, Slot},
    state::Phase,
    timeout::TimedOut,
};

/// The blocking handle on the outcome of a task: threads wait for it.
///
/// It is the only reader, so [`result`](Self::result) moves the value out; [`shared`](Self::shared) makes a reader that can
/// be cloned. Dropping it detaches: the task still runs. The counterpart of Python's `concurrent.futures.Future`. It
/// cannot be awaited; `aio_bridge::wrap_future` turns it into one that can.
///
/// # Cancellation
/// [`cancel`](Self::cancel) keeps a task from starting; [`request_cancel`](Self::request_cancel) also asks a running one to
/// stop at its next [`checkpoint`](crate::checkpoint).
///
/// # Examples
/// ```
/// use cf_core::Promise;
///
/// let (promise, future) = Promise::new();
/// std::thread::spawn(move || promise.set_result(6 * 7));
/// assert_eq!(future.result().unwrap(), 42);
/// ```
#[must_use = "dropping a future detaches its task; its result and its error are then lost"]
pub struct Future<T> {
    slot: Arc<dyn Slot<T>>,
}

impl<T: 'static> Future<T> {
    pub(crate) fn new(slot: Arc<dyn Slot<T>>) -> Self {
        Self { slot }
    }

    pub(crate) fn slot(&self) -> &Arc<dyn Slot<T>> {
        &self.slot
    }

    pub(crate) fn into_slot(self) -> Arc<dyn Slot<T>> {
        self.slot
    }

    pub(crate) fn node(&self) -> Arc<dyn Node> {
        Arc::clone(&self.slot) as Arc<dyn Node>
    }

    /// Cancels the future if its work has not started; true if it is now, or was already, cancelled.
    ///
    /// Its callbacks run on this thread before the call returns. False once the work runs or has ended.
    ///
    /// # Examples
    /// ```
    /// let (_promise, future) = cf_core::Promise::<u32>::new();
    /// assert!(future.cancel());
    /// let (promise, future) = cf_core::Promise::new();
    /// promise.set_result(7).unwrap();
    /// assert!(!future.cancel());
    /// ```
    pub fn cancel(&self) -> bool {
        self.slot.cancel()
    }

    /// Cancels, or else asks the running task to stop; false if it had ended.
    ///
    /// A running task ends where it calls [`checkpoint`](crate::checkpoint) and returns its error. One that never does runs to
    /// its normal end on a thread; on a process pool its worker is ended after the pool's `cancel_grace`, and it counts as
    /// cancelled.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Promise, checkpoint};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// promise.set_running_or_notify_cancel();
    /// assert!(!future.cancel() && future.request_cancel());
    /// assert!(promise.run(|| checkpoint()).is_err());
    /// ```
    pub fn request_cancel(&self) -> bool {
        self.slot.request_cancel()
    }

    /// Tells whether the future was cancelled.
    ///
    /// # Examples
    /// ```
    /// let (_promise, future) = cf_core::Promise::<u32>::new();
    /// assert!(!future.cancelled());
    /// future.cancel();
    /// assert!(future.cancelled());
    /// ```
    pub fn cancelled(&self) -> bool {
        self.slot.is_cancelled()
    }

    /// Tells whether the work has been started and has not ended.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = cf_core::Promise::new();
    /// assert!(!future.running());
    /// promise.set_running_or_notify_cancel();
    /// assert!(future.running());
    /// promise.set_result(7).unwrap();
    /// assert!(!future.running());
    /// ```
    pub fn running(&self) -> bool {
        self.slot.phase() == Phase::Running
    }

    /// Tells whether the future has ended: with a value, an error or a cancellation. Never blocks.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = cf_core::Promise::new();
    /// assert!(!future.done());
    /// promise.set_result(7).unwrap();
    /// assert!(future.done());
    /// ```
    pub fn done(&self) -> bool {
        self.slot.is_done()
    }

    /// Waits for the outcome and gives it.
    ///
    /// On a worker of a pool, a task that is still queued there is run by this very call; while it must block, the pool
    /// starts a thread in its place.
    ///
    /// # Errors
    /// How the task failed; [`Error::Cancelled`]; [`Error::Deadlock`] if this wait closes a circle of tasks that wait for
    /// each other; [`Error::EventLoopBlocked`] if the future is pending and this is a task of an event loop.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, Error, InlineExecutor};
    ///
    /// let executor = InlineExecutor::new();
    /// assert_eq!(executor.spawn(|| 6 * 7).result().unwrap(), 42);
    /// let failed = executor.spawn(|| -> u32 { panic!("no") });
    /// assert!(matches!(failed.result(), Err(Error::Panicked(_))));
    /// ```
    pub fn result(mut self) -> Result<T, Error> {
        if !self.slot.is_done() {
            block::refuse_in_event_loop()?;
            // What most often waits on a worker: the task it submitted last, still at the end of the worker's own queue.
            if let Some(host) = host::current().filter(|host| host.has_stack())
                && let Some(task) = host.take_queued(node::id(&*self.slot))
            {
                task.discard();
                match self.slot.run_and_take(&*host) {
                    Ok(outcome) => return outcome,
                    Err(slot) => self = Self { slot },
                }
            }
            self.block(Limit::Untimed)?;
        }
        self.slot.take().unwrap_or(Err(Error::InvalidState))
    }

    /// Waits for the outcome, but not longer than `timeout`; zero only looks, and a very long one is no limit.
    ///
    /// # Errors
    /// [`TimedOut`] if the time ran out: the future is as it was and can be asked again. The inner result is that of
    /// [`result`](Self::result); once it has been handed out, later calls give [`Error::InvalidState`].
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let (promise, mut future) = cf_core::Promise::new();
    /// assert!(future.result_timeout(Duration::from_millis(1)).is_err());
    /// promise.set_result(7).unwrap();
    /// assert_eq!(future.result_timeout(Duration::from_secs(9)).unwrap().unwrap(), 7);
    /// ```
    pub fn result_timeout(&mut self, timeout: Duration) -> Result<Result<T, Error>, TimedOut> {
        match self.done_within(timeout) {
            Ok(true) => Ok(self.slot.take().unwrap_or(Err(Error::InvalidState))),
            Ok(false) => Err(TimedOut::SINGLE),
            Err(refused) => Ok(Err(refused)),
        }
    }

    /// Gives the outcome if it is there; `None` means not done.
    ///
    /// # Examples
    /// ```
    /// let (promise, mut future) = cf_core::Promise::new();
    /// assert!(future.try_result().is_none());
    /// promise.set_result(7).unwrap();
    /// assert_eq!(future.try_result().unwrap().unwrap(), 7);
    /// ```
    pub fn try_result(&mut self) -> Option<Result<T, Error>> {
        self.slot
            .is_done()
            .then(|| self.slot.take().unwrap_or(Err(Error::InvalidState)))
    }

    /// Waits for the end and gives the error, or `None` for a success.
    ///
    /// # Panics
    /// Unwinds with [`Error::Deadlock`] or [`Error::EventLoopBlocked`] as payload where [`result`](Self::result) returns
    /// them; a task or pool that catches that stores the error as itself.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Error, Promise};
    ///
    /// let (promise, future) = Promise::<u32>::new();
    /// promise.set_exception("out of paper").unwrap();
    /// assert!(matches!(future.exception(), Some(Error::Raised(_))));
    /// ```
    pub fn exception(&self) -> Option<Error> {
        self.wait();
        self.slot.error()
    }

    /// Waits for the end, but not longer than `timeout`, and gives the error, or `None` for a success.
    ///
    /// # Errors
    /// [`TimedOut`] if the time ran out.
    ///
    /// # Panics
    /// As [`exception`](Self::exception).
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let (promise, future) = cf_core::Promise::new();
    /// assert!(future.exception_timeout(Duration::from_millis(1)).is_err());
    /// promise.set_result(7).unwrap();
    /// assert!(future.exception_timeout(Duration::from_secs(9)).unwrap().is_none());
    /// ```
    pub fn exception_timeout(&self, timeout: Duration) -> Result<Option<Error>, TimedOut> {
        if self.wait_timeout(timeout) {
            Ok(self.slot.error())
        } else {
            Err(TimedOut::SINGLE)
        }
    }

    /// Waits until the future has ended, however it ends.
    ///
    /// # Panics
    /// As [`exception`](Self::exception).
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = cf_core::Promise::new();
    /// std::thread::spawn(move || promise.set_result(7));
    /// future.wait();
    /// assert!(future.done());
    /// ```
    pub fn wait(&self) {
        if !self.slot.is_done()
            && let Err(refused) = self.block(Limit::Untimed)
        {
            refused.unwind();
        }
    }

    /// Waits until the future has ended, but not longer than `timeout`; true if it has.
    ///
    /// # Panics
    /// As [`exception`](Self::exception).
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let (promise, future) = cf_core::Promise::new();
    /// assert!(!future.wait_timeout(Duration::from_millis(1)));
    /// promise.set_result(7).unwrap();
    /// assert!(future.wait_timeout(Duration::from_secs(9)));
    /// ```
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.done_within(timeout)
            .unwrap_or_else(|refused| refused.unwind())
    }

    fn done_within(&self, timeout: Duration) -> Result<bool, Error> {
        if self.slot.is_done() {
            return Ok(true);
        }
        self.block(Limit::after(timeout))
    }

    pub(crate) fn block(&self, limit: Limit) -> Result<bool, Error> {
        block::until_done(&*self.slot, || self.node(), limit)
    }

    /// Looks at the outcome without taking it; `None` if it is not done, or if this thread is looking at it already.
    ///
    /// `f` runs without a lock; another thread that wants to look meanwhile waits.
    ///
    /// # Panics
    /// If `f` does; the outcome is put back first.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = cf_core::Promise::new();
    /// assert_eq!(future.peek(|_| ()), None);
    /// promise.set_result("tea".to_owned()).unwrap();
    /// assert_eq!(future.peek(|outcome| outcome.unwrap().len()), Some(3));
    /// assert_eq!(future.result().unwrap(), "tea");
    /// ```
    pub fn peek<R>(&self, f: impl FnOnce(Result<&T, &Error>) -> R) -> Option<R> {
        Lent::of(&*self.slot)
            .outcome()
            .map(|outcome| f(outcome.as_ref()))
    }

    /// Has `f` called when the future has ended: on the thread that ends it, or here and now if that has come.
    ///
    /// Callbacks run once each, in the order in which they were added, before `result` hands the value out. A panic in one is
    /// reported as a `tracing` event and goes no further.
    ///
    /// # Examples
    /// ```
    /// let (promise, future) = cf_core::Promise::new();
    /// let (tell, told) = std::sync::mpsc::channel();
    /// future.add_done_callback(move |_| tell.send("done").unwrap());
    /// promise.set_result(7).unwrap();
    /// assert_eq!(told.try_recv(), Ok("done"));
    /// ```
    pub fn add_done_callback(&self, f: impl FnOnce(&Done<'_, T>) + Send + 'static) {
        self.slot.call_when_done(Box::new(f));
    }

    /// Gives a handle that can cancel from elsewhere while `result` consumes this one; allocates nothing.
    ///
    /// # Examples
    /// ```
    /// let (_promise, future) = cf_core::Promise::<u32>::new();
    /// let canceller = future.canceller();
    /// let waiting = std::thread::spawn(|| future.result());
    /// assert!(canceller.cancel());
    /// assert!(waiting.join().unwrap().is_err());
    /// ```
    pub fn canceller(&self) -> Canceller {
        Canceller::new(self.node())
    }
}

/// Puts a lent outcome back, also when the look unwinds.
pub(crate) struct Lent<'a, T: 'static> {
    slot: &'a dyn Slot<T>,
    outcome: Option<Result<T, Error>>,
}

impl<'a, T: 'static> Lent<'a, T> {
    /// Borrows the outcome, if it is there.
    pub(crate) fn of(slot: &'a dyn Slot<T>) -> Self {
        let outcome = match slot.lend() {
            Lend::Outcome(outcome) => Some(outcome),
            _ => None,
        };
        Self { slot, outcome }
    }

    pub(crate) fn outcome(&self) -> Option<&Result<T, Error>> {
        self.outcome.as_ref()
    }
}

impl<T: 'static> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        if let Some(outcome) = self.outcome.take() {
            self.slot.restore(outcome);
        }
    }
}

impl<T> fmt::Debug for Future<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_node(f, "Future", &*self.slot, std::any::type_name::<T>())
    }
}

/// Shows the state, and for an ended future the type of the value or the kind of error, never the value.
pub(crate) fn fmt_node(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    node: &dyn Node,
    value: &str,
) -> fmt::Result {
    match node.phase() {
        Phase::Succeeded => write!(f, "<{name} finished: {value}>"),
        Phase::Failed => match node.error() {
            Some(Error::Panicked(_)) => write!(f, "<{name} failed: panic>"),
            Some(Error::Raised(_)) => write!(f, "<{name} failed: exception>"),
            _ => write!(f, "<{name} failed: error>"),
        },
        Phase::Cancelled => write!(f, "<{name} cancelled>"),
        Phase::Pending => write!(f, "<{name} pending>"),
        Phase::Running | Phase::Settling => write!(f, "<{name} running>"),
    }
}

/// Two handles are equal if they are handles on the same future.
impl<T> PartialEq for Future<T> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(&self.slot), Arc::as_ptr(&other.slot))
    }
}

impl<T> Eq for Future<T> {}

impl<T> Hash for Future<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.slot).cast::<u8>().hash(state);
    }
}

impl<T> UnwindSafe for Future<T> {}
impl<T> RefUnwindSafe for Future<T> {}
