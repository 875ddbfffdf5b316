//! What is known of a task from outside its coroutine: its name, and whether somebody wants it to end.

use std::{
    borrow::Cow,
    cell::RefCell,
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use cf_core::{
    sync::{Mutex, lock, thread_local},
    unwind,
};

use crate::delivery;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static CURRENT: RefCell<Option<Arc<Control>>> = const { RefCell::new(None) };
}

/// The requests to a task, and who is to hear of them.
pub(crate) struct Control {
    id: u64,
    name: Option<Cow<'static, str>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    n_requests: u32,
    /// A request that neither a listener has taken nor the driver.
    is_undelivered: bool,
    is_over: bool,
    driver: Option<Waker>,
    /// Those who asked to hear of a request instead of being dropped.
    listeners: Vec<(u64, Option<Waker>)>,
}

/// What a driver is to do after a look at the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    GoOn,
    Stop,
}

impl Control {
    pub(crate) fn new(name: Option<Cow<'static, str>>) -> Arc<Self> {
        Arc::new(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            name,
            state: Mutex::default(),
        })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn name(&self) -> Cow<'_, str> {
        match &self.name {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("Task-{}", self.id)),
        }
    }

    /// Asks the task to end; false if it has.
    pub(crate) fn cancel(&self) -> bool {
        let mut state = lock(&self.state);
        if state.is_over {
            return false;
        }
        state.n_requests += 1;
        state.is_undelivered = true;
        let driver = state.driver.take();
        let listeners: Vec<_> = state
            .listeners
            .iter_mut()
            .filter_map(|(_, waker)| waker.take())
            .collect();
        drop(state);
        unwind::wake(driver.into_iter().chain(listeners));
        true
    }

    pub(crate) fn n_requests(&self) -> u32 {
        lock(&self.state).n_requests
    }

    /// What the driver is to do; if it goes on, `driver` is woken at the next request.
    pub(crate) fn look(&self, driver: &Waker) -> Wish {
        let waker = driver.clone();
        let mut state = lock(&self.state);
        if state.take_for_driver() {
            return Wish::Stop;
        }
        let older = state.driver.replace(waker);
        drop(state);
        drop(older);
        Wish::GoOn
    }

    /// The coroutine has ended: from now on nobody can cancel it. `Stop` if it was asked to and did not notice.
    pub(crate) fn finish(&self) -> Wish {
        let mut state = lock(&self.state);
        state.is_over = true;
        let wish = if state.take_for_driver() {
            Wish::Stop
        } else {
            Wish::GoOn
        };
        let driver = state.driver.take();
        drop(state);
        drop(driver);
        wish
    }
}

impl State {
    /// Takes the request, unless somebody listens for it.
    fn take_for_driver(&mut self) -> bool {
        self.listeners.is_empty() && std::mem::take(&mut self.is_undelivered)
    }
}

/// Makes `control` that of the current task while `f` runs.
pub(crate) fn as_current<R>(control: &Arc<Control>, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<Arc<Control>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let inner = swap_current(self.0.take());
            drop(inner);
        }
    }
    let _outer = Restore(swap_current(Some(Arc::clone(control))));
    f()
}

fn swap_current(control: Option<Arc<Control>>) -> Option<Arc<Control>> {
    CURRENT.with(|current| current.replace(control))
}

pub(crate) fn current() -> Option<Arc<Control>> {
    CURRENT
        .try_with(|current| current.borrow().clone())
        .ok()
        .flatten()
}

/// Cancels a task from anywhere, and tells which it is; does not keep it from running.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use aio_bridge::create_task;
///
/// let task = create_task(std::future::pending::<()>());
/// let canceller = task.canceller();
/// assert!(canceller.cancel());
/// assert!(task.await.is_err() && !canceller.cancel());
/// # }
/// ```
#[derive(Clone)]
pub struct TaskCanceller(Arc<Control>);

impl TaskCanceller {
    pub(crate) fn new(control: Arc<Control>) -> Self {
        Self(control)
    }

    /// As [`Task::cancel`](crate::Task::cancel).
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let task = aio_bridge::create_task(std::future::pending::<()>());
    /// assert!(task.canceller().cancel());
    /// assert!(task.await.is_err());
    /// # }
    /// ```
    pub fn cancel(&self) -> bool {
        self.0.cancel()
    }

    /// As [`Task::cancelling`](crate::Task::cancelling).
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let task = aio_bridge::create_task(std::future::pending::<()>());
    /// assert_eq!(task.canceller().cancelling(), 0);
    /// # }
    /// ```
    pub fn cancelling(&self) -> u32 {
        self.0.n_requests()
    }

    /// As [`Task::id`](crate::Task::id).
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let task = aio_bridge::create_task(async {});
    /// assert_eq!(task.canceller().id(), task.id());
    /// # }
    /// ```
    pub fn id(&self) -> u64 {
        self.0.id()
    }

    /// As [`Task::name`](crate::Task::name).
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let task = aio_bridge::create_named_task("tea", async {});
    /// assert_eq!(task.canceller().name(), "tea");
    /// # }
    /// ```
    pub fn name(&self) -> Cow<'_, str> {
        self.0.name()
    }
}

impl fmt::Debug for TaskCanceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<TaskCanceller of {}>", self.name())
    }
}

/// Gives the task that runs now; `None` outside the coroutines that this crate drives. Follows `asyncio.current_task`.
///
/// # Examples
/// ```
/// use aio_bridge::{current_task, run};
///
/// assert!(current_task().is_none());
/// assert!(run(async { current_task().is_some() }).unwrap());
/// ```
pub fn current_task() -> Option<TaskCanceller> {
    current().map(TaskCanceller)
}

/// Waits until the current task is asked to end, so that it can clean up by itself.
///
/// While one of these is being awaited, a request is delivered to it and the coroutine is not dropped: it may await more,
/// and even return a value, and is then not cancelled. This is what `except asyncio.CancelledError` does in Python. Outside
/// a task of this crate it waits for ever.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aio_bridge::{cancelled, create_task, run};
///
/// let outcome = run(async {
///     let task = create_task(async {
///         tokio::select! {
///             () = std::future::pending() => "finished",
///             () = cancelled() => {
///                 tokio::time::sleep(Duration::from_millis(1)).await;
///                 "cleaned up"
///             }
///         }
///     });
///     tokio::task::yield_now().await;
///     task.cancel();
///     task.await
/// });
/// assert_eq!(outcome.unwrap().unwrap(), "cleaned up");
/// ```
pub fn cancelled() -> Cancelled {
    Cancelled {
        task: current(),
        key: None,
    }
}

/// What [`cancelled`] gives.
#[must_use = "futures do nothing unless awaited"]
pub struct Cancelled {
    task: Option<Arc<Control>>,
    key: Option<u64>,
}

impl Future for Cancelled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if delivery::is_cancelling() {
            delivery::heed();
            return Poll::Ready(());
        }
        let key = *self
            .key
            .get_or_insert_with(|| NEXT_ID.fetch_add(1, Ordering::Relaxed));
        let Some(control) = &self.task else {
            return Poll::Pending;
        };
        let waker = context.waker().clone();
        let mut state = lock(&control.state);
        let ours = state.listeners.iter().position(|(one, _)| *one == key);
        if state.is_undelivered {
            state.is_undelivered = false;
            // It listens no more, although it may still be there.
            let older = ours.map(|index| state.listeners.swap_remove(index));
            drop(state);
            drop(older);
            return Poll::Ready(());
        }
        let older = match ours {
            Some(index) => state.listeners[index].1.replace(waker),
            None => {
                state.listeners.push((key, Some(waker)));
                None
            }
        };
        drop(state);
        drop(older);
        Poll::Pending
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        let (Some(control), Some(key)) = (&self.task, self.key) else {
            return;
        };
        let mut state = lock(&control.state);
        let ours = state.listeners.iter().position(|(one, _)| *one == key);
        let older = ours.map(|index| state.listeners.swap_remove(index));
        // Nobody listens any more: the request is the driver's now.
        let driver = (state.is_undelivered && state.listeners.is_empty())
            .then(|| state.driver.take())
            .flatten();
        drop(state);
        drop(older);
        unwind::wake(driver);
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled")
            .field("in_task", &self.task.is_some())
            .finish_non_exhaustive()
    }
}
