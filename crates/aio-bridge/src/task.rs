//! A coroutine that the loop runs by itself, and the future of its outcome.

use std::{
    borrow::Cow,
    fmt,
    future::Future,
    hash::{Hash, Hasher},
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use cf_core::{Deadlock, Done, Error, Promise};
use tokio::runtime::Handle;

use crate::{
    callbacks::CallbackId,
    control::{self, Control, TaskCanceller},
    coroutine::Coroutine,
    delivery::{self, Told},
    driver::{Driver, Keepers},
    event_loop,
    future::AioFuture,
};

/// A running coroutine: the counterpart of `asyncio.Task`.
///
/// Awaiting it gives the outcome. Dropping it detaches: the task goes on, and a failure that nobody sees is reported as a
/// `tracing` event.
///
/// # Cancellation
/// [`cancel`](Self::cancel) is a request: the task ends at its next await, after what it awaits has ended ([`Task`]s and
/// bridged calls are cancelled with it), or cleans up first where it listens for [`cancelled`](crate::cancelled()). A
/// combinator that polls only what was woken (`FuturesUnordered`, `join_all` of more than 30) is dropped at once: tasks that
/// were awaited through it are cancelled, and not waited for.
///
/// # Examples
/// ```
/// use aio_bridge::{create_task, run};
///
/// let answer = run(async {
///     let task = create_task(async { 6 * 7 });
///     task.await
/// });
/// assert_eq!(answer.unwrap().unwrap(), 42);
/// ```
#[must_use = "dropping a task detaches it; await it, or drop it on purpose"]
pub struct Task<T: Send + 'static> {
    /// Gone once this handle has been turned into another.
    future: Option<AioFuture<T>>,
    control: Arc<Control>,
    told: Told,
    /// Polled, and pending then.
    is_awaited: bool,
}

/// Starts a coroutine as a task of the running loop; it does not run before its creator yields, on a loop of one thread.
///
/// Its value is the task's; with [`fallible`](crate::fallible()) its `Err` is the task's failure, a panic always is. Tasks of
/// one thread start in the order of their creation; a multi-thread runtime may start them at once. Follows
/// `asyncio.create_task`.
///
/// # Panics
/// Outside a tokio runtime.
///
/// # Examples
/// ```
/// use aio_bridge::{Error, create_task, fallible, run};
///
/// run(async {
///     assert_eq!(create_task(async { 7 }).await.unwrap(), 7);
///     let failed = create_task(fallible(async { "x".parse::<u32>() }));
///     assert!(matches!(failed.await, Err(Error::Raised(_))));
///     let panicked = create_task(async { panic!("no") });
///     assert!(matches!(panicked.await, Err(Error::Panicked(_))));
/// }).unwrap();
/// ```
#[track_caller]
pub fn create_task<C>(coroutine: C) -> Task<C::Output>
where
    C: Coroutine,
    C::Body: Send + 'static,
{
    start(coroutine, None)
}

/// Starts a coroutine as [`create_task`] does, under a name: `asyncio.create_task(coro, name=…)`.
///
/// # Panics
/// Outside a tokio runtime.
///
/// # Examples
/// ```
/// use aio_bridge::{create_named_task, run};
///
/// run(async { assert_eq!(create_named_task("tea", async {}).name(), "tea") }).unwrap();
/// ```
#[track_caller]
pub fn create_named_task<C>(name: impl Into<Cow<'static, str>>, coroutine: C) -> Task<C::Output>
where
    C: Coroutine,
    C::Body: Send + 'static,
{
    start(coroutine, Some(name.into()))
}

/// Starts a coroutine that must stay on this thread, in a [`LocalSet`](tokio::task::LocalSet); as [`create_task`] otherwise.
///
/// It ends with its `LocalSet`, not with the loop: [`run`](crate::run) does not wait for it.
///
/// # Panics
/// Outside a `LocalSet`.
///
/// # Examples
/// ```
/// use std::rc::Rc;
/// use aio_bridge::{create_local_task, run};
///
/// let length = run(async {
///     let local = tokio::task::LocalSet::new();
///     let word = Rc::new("tea");
///     local.run_until(async { create_local_task(async move { word.len() }).await }).await
/// });
/// assert_eq!(length.unwrap().unwrap(), 3);
/// ```
#[track_caller]
pub fn create_local_task<C>(coroutine: C) -> Task<C::Output>
where
    C: Coroutine,
    C::Body: 'static,
{
    let (driver, task) = prepare(coroutine, None, None);
    drop(tokio::task::spawn_local(driver));
    task
}

type DriverOf<C> = Driver<<C as Coroutine>::Body, <C as Coroutine>::Output>;

#[track_caller]
fn start<C>(coroutine: C, name: Option<Cow<'static, str>>) -> Task<C::Output>
where
    C: Coroutine,
    C::Body: Send + 'static,
{
    let handle = current_handle();
    let (driver, task) = prepare(coroutine, name, Some(&handle));
    drop(handle.spawn(driver));
    task
}

/// A task and what the runtime is to poll for it.
#[track_caller]
pub(crate) fn prepare<C: Coroutine>(
    coroutine: C,
    name: Option<Cow<'static, str>>,
    registered_with: Option<&Handle>,
) -> (DriverOf<C>, Task<C::Output>) {
    let (promise, future) = Promise::new();
    let control = Control::new(name);
    let keepers = Keepers {
        registration: registered_with.and_then(|handle| event_loop::register(handle, &control)),
        membership: None,
    };
    let driver = Driver::new(coroutine, promise, Arc::clone(&control), keepers);
    (driver, Task::new(AioFuture::new(future), control))
}

#[track_caller]
pub(crate) fn current_handle() -> Handle {
    Handle::try_current().unwrap_or_else(|_| {
        panic!("no running event loop: call this in a coroutine that `aio_bridge::run` or a tokio runtime drives")
    })
}

impl<T: Send + 'static> Task<T> {
    pub(crate) fn new(future: AioFuture<T>, control: Arc<Control>) -> Self {
        Self {
            future: Some(future),
            control,
            told: Told::default(),
            is_awaited: false,
        }
    }

    pub(crate) fn future(&self) -> &AioFuture<T> {
        let Some(future) = &self.future else {
            unreachable!("only taken by value or by drop")
        };
        future
    }

    pub(crate) fn future_mut(&mut self) -> &mut AioFuture<T> {
        let Some(future) = &mut self.future else {
            unreachable!("only taken by value or by drop")
        };
        future
    }

    /// Lets it go, and nobody will be told how it ends.
    pub(crate) fn forget(mut self) {
        if let Some(future) = self.future.take() {
            future.forget();
        }
    }

    /// Asks the task to end; true unless it has ended.
    ///
    /// A task that has not started never does. Otherwise it ends at its next await, or cleans up first if it listens for
    /// [`cancelled`](crate::cancelled()); [`cancelled`](Self::cancelled) is false until it has ended.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{create_task, run};
    ///
    /// run(async {
    ///     let mut task = create_task(std::future::pending::<()>());
    ///     assert!(task.cancel() && !task.cancelled());
    ///     assert!((&mut task).await.is_err());
    ///     assert!(task.cancelled() && !task.cancel());
    /// }).unwrap();
    /// ```
    pub fn cancel(&self) -> bool {
        self.control.cancel()
    }

    /// Tells how often the task was asked to end.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{create_task, run};
    ///
    /// run(async {
    ///     let task = create_task(std::future::pending::<()>());
    ///     task.cancel();
    ///     task.cancel();
    ///     assert_eq!(task.cancelling(), 2);
    /// }).unwrap();
    /// ```
    pub fn cancelling(&self) -> u32 {
        self.control.n_requests()
    }

    /// Tells whether the task has ended by a cancellation.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{create_task, run};
    ///
    /// run(async { assert!(!create_task(async {}).cancelled()) }).unwrap();
    /// ```
    pub fn cancelled(&self) -> bool {
        self.future().cancelled()
    }

    /// Tells whether the task has ended.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{create_task, run};
    ///
    /// run(async { assert!(!create_task(async {}).done()) }).unwrap();
    /// ```
    pub fn done(&self) -> bool {
        self.future().done()
    }

    /// As [`AioFuture::result`].
    ///
    /// # Errors
    /// How the task failed; [`Error::Cancelled`]; [`Error::InvalidState`] while it is pending.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{Error, create_task, run};
    ///
    /// run(async {
    ///     let mut task = create_task(async { 7 });
    ///     assert!(matches!(task.result(), Err(Error::InvalidState)));
    ///     tokio::task::yield_now().await;
    ///     assert_eq!(task.result().unwrap(), 7);
    /// }).unwrap();
    /// ```
    pub fn result(&mut self) -> Result<T, Error> {
        self.future_mut().result()
    }

    /// As [`AioFuture::exception`].
    ///
    /// # Errors
    /// [`Error::Cancelled`] if it was cancelled; [`Error::InvalidState`] while it is pending.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{Error, create_task, run};
    ///
    /// run(async {
    ///     let mut task = create_task(async { panic!("no") });
    ///     tokio::task::yield_now().await;
    ///     assert!(matches!(task.exception(), Ok(Some(Error::Panicked(_)))));
    /// }).unwrap();
    /// ```
    pub fn exception(&mut self) -> Result<Option<Error>, Error> {
        self.future_mut().exception()
    }

    /// As [`AioFuture::peek`].
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{create_task, run};
    ///
    /// run(async { assert!(create_task(async {}).peek(|_| ()).is_none()) }).unwrap();
    /// ```
    pub fn peek<R>(&mut self, f: impl FnOnce(Result<&T, &Error>) -> R) -> Option<R> {
        self.future_mut().peek(f)
    }

    /// As [`AioFuture::add_done_callback`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{create_task, run};
    ///
    /// run(async {
    ///     let (tell, told) = std::sync::mpsc::channel();
    ///     let task = create_task(async { 7 });
    ///     task.add_done_callback(move |done| tell.send(*done.result().unwrap()).unwrap());
    ///     task.await.unwrap();
    ///     assert_eq!(told.try_recv(), Ok(7));
    /// }).unwrap();
    /// ```
    #[track_caller]
    pub fn add_done_callback(&self, f: impl FnOnce(&Done<'_, T>) + Send + 'static) -> CallbackId {
        self.future().add_done_callback(f)
    }

    /// As [`AioFuture::remove_done_callback`].
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{create_task, run};
    ///
    /// run(async {
    ///     let task = create_task(async {});
    ///     let id = task.add_done_callback(|_| unreachable!());
    ///     assert!(task.remove_done_callback(id));
    /// }).unwrap();
    /// ```
    pub fn remove_done_callback(&self, id: CallbackId) -> bool {
        self.future().remove_done_callback(id)
    }

    /// Gives a handle that can cancel the task from elsewhere.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{create_task, run};
    ///
    /// run(async {
    ///     let task = create_task(std::future::pending::<()>());
    ///     let canceller = task.canceller();
    ///     std::thread::spawn(move || canceller.cancel());
    ///     assert!(task.await.is_err());
    /// }).unwrap();
    /// ```
    pub fn canceller(&self) -> TaskCanceller {
        TaskCanceller::new(Arc::clone(&self.control))
    }

    /// Gives the task's number, unique in the process.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{create_task, run};
    ///
    /// run(async { assert_ne!(create_task(async {}).id(), create_task(async {}).id()) }).unwrap();
    /// ```
    pub fn id(&self) -> u64 {
        self.control.id()
    }

    /// Gives the task's name: the one it was given, or "Task-" and its number.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{create_task, run};
    ///
    /// run(async { assert!(create_task(async {}).name().starts_with("Task-")) }).unwrap();
    /// ```
    pub fn name(&self) -> Cow<'_, str> {
        self.control.name()
    }

    fn is_current(&self) -> bool {
        control::current().is_some_and(|current| Arc::ptr_eq(&current, &self.control))
    }
}

impl<T: Send + 'static> Future for Task<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.is_current() {
            let name = format!("{}, which awaits itself", this.name());
            return Poll::Ready(Err(Error::Deadlock(Deadlock::new(vec![name]))));
        }
        let Some(future) = &mut this.future else {
            return Poll::Ready(Err(Error::InvalidState));
        };
        if this.told.hears() {
            this.control.cancel();
        }
        // The future of a task is told through its task.
        let polled = delivery::apart(|| Pin::new(future).poll(context));
        this.is_awaited = polled.is_pending();
        let outcome = ready!(delivery::answer(polled));
        Poll::Ready(outcome)
    }
}

impl<T: Send + 'static> Drop for Task<T> {
    fn drop(&mut self) {
        let Some(future) = self.future.take() else {
            return;
        };
        // Some combinators poll those only that were woken: this one has not heard that it is to end.
        if self.is_awaited && delivery::is_cancelling() {
            self.control.cancel();
        }
        future.let_go("task");
    }
}

impl<T: Send + 'static> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Task {}: {:?}>", self.name(), self.future())
    }
}

/// Two handles are equal if they are handles on the same task.
impl<T: Send + 'static> PartialEq for Task<T> {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl<T: Send + 'static> Eq for Task<T> {}

impl<T: Send + 'static> Hash for Task<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl<T: Send + 'static> UnwindSafe for Task<T> {}
impl<T: Send + 'static> RefUnwindSafe for Task<T> {}
