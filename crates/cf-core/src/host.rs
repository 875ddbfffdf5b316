//! What a worker thread offers to the tasks that run on it: for authors of executors.

use std::{
    cell::RefCell,
    collections::HashMap,
    rc::Rc,
    sync::{
        Arc, LazyLock, PoisonError, RwLock, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use crate::{sync::thread_local, task::Task};

/// The identity of an executor whose workers may run each other's queued tasks.
///
/// # Examples
/// ```
/// use cf_core::host::Home;
///
/// let home = Home::unique();
/// assert_eq!(home, home);
/// assert_ne!(home, Home::unique());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Home(u32);

/// Marks the homes whose landlords have a lookout, so that a wait for any other task does not ask.
const HAS_LOOKOUT: u32 = 1 << 31;

impl Home {
    /// The home of what is never queued.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Submission, host::Home};
    ///
    /// let (task, future) = Submission::new(|| 7, Home::NOWHERE).split();
    /// drop(task);
    /// assert!(future.result().is_err());
    /// ```
    pub const NOWHERE: Self = Self(0);

    /// Makes an identity that no other executor has.
    ///
    /// # Examples
    /// ```
    /// use cf_core::host::Home;
    ///
    /// assert_ne!(Home::unique(), Home::unique());
    /// assert_ne!(Home::unique(), Home::NOWHERE);
    /// ```
    pub fn unique() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// As [`unique`](Self::unique), for an executor whose [`Landlord`] has a [`Lookout`].
    ///
    /// # Examples
    /// ```
    /// use cf_core::host::Home;
    ///
    /// assert_ne!(Home::unique_with_lookout(), Home::unique_with_lookout());
    /// ```
    pub fn unique_with_lookout() -> Self {
        Self(Self::unique().0 | HAS_LOOKOUT)
    }
}

/// How a task ended.
///
/// # Examples
/// ```
/// use cf_core::host::Ending;
///
/// let ends = [Ending::Completed, Ending::Failed, Ending::Completed];
/// assert_eq!(ends.iter().filter(|end| **end == Ending::Completed).count(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a value.
    Completed,
    /// With an error or a panic.
    Failed,
    /// At a checkpoint, after it was asked to stop.
    Cancelled,
}

/// A worker thread, as the tasks and waits on it see it.
///
/// # Examples
/// ```
/// use std::{rc::Rc, time::Instant};
/// use cf_core::{Submission, Task, host::{self, Ending, Home, Host}};
///
/// struct Worker(Home);
///
/// impl Host for Worker {
///     fn home(&self) -> Home { self.0 }
///     fn has_stack(&self) -> bool { true }
///     fn take_queued(&self, _: usize) -> Option<Task> { None }
///     fn starting(&self) -> Option<Instant> { None }
///     fn finishing(&self, ending: Ending, _: Option<Instant>) { assert_eq!(ending, Ending::Completed) }
///     fn ready(&self) {}
///     fn not_ready(&self) {}
///     fn can_be_replaced(&self) -> bool { false }
///     fn block(&self) -> bool { true }
///     fn unblock(&self) {}
/// }
///
/// let worker = Rc::new(Worker(Home::unique()));
/// host::install(Some(worker.clone()));
/// let (task, future) = Submission::new(host::current_home, worker.home()).split();
/// task.run(&*worker);
/// assert_eq!(future.result().unwrap(), Some(worker.home()));
/// ```
pub trait Host {
    /// The executor this worker belongs to.
    fn home(&self) -> Home;

    /// Whether enough stack is left to run an awaited task on top of the waiting one.
    fn has_stack(&self) -> bool;

    /// Takes the task with this address out of the queue, if it is at hand: a wait is about to run it. One that is not at
    /// hand stays in the queue, where it does nothing any more when its turn comes.
    fn take_queued(&self, task: usize) -> Option<Task>;

    /// A task starts; gives its time if this one is to be timed.
    fn starting(&self) -> Option<Instant>;

    /// A task has run; called before anybody can see its result.
    fn finishing(&self, ending: Ending, started: Option<Instant>);

    /// The task's result is about to be seen, and the worker will look for the next task right after.
    fn ready(&self);

    /// After `ready`: the worker has more to do after all before it looks for the next task.
    fn not_ready(&self);

    /// Whether another thread would run queued work while this one blocks.
    fn can_be_replaced(&self) -> bool;

    /// The thread is about to block: somebody else may be needed in its place. False if something is queued and nobody is
    /// left to run it; the thread counts as blocked all the same, until `unblock`.
    fn block(&self) -> bool;

    /// The thread goes on.
    fn unblock(&self);
}

/// An executor that wants to hear that one of its queued tasks was cancelled.
///
/// # Examples
/// ```
/// use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
/// use cf_core::{Submission, host::{self, Home, Landlord}};
///
/// struct Counter(AtomicU32);
///
/// impl Landlord for Counter {
///     fn cancelled_in_queue(&self) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// let (home, counter) = (Home::unique(), Arc::new(Counter(AtomicU32::new(0))));
/// host::register(home, &(Arc::clone(&counter) as Arc<dyn Landlord>));
/// let (_task, future) = Submission::new(|| 7, home).split();
/// assert!(future.cancel());
/// assert_eq!(counter.0.load(Ordering::Relaxed), 1);
/// ```
pub trait Landlord: Send + Sync {
    /// A task that was queued here was cancelled; it is still in the queue and will be skipped.
    fn cancelled_in_queue(&self);

    /// The running task with this [id](crate::Promise::id) was asked to stop; for executors whose tasks run elsewhere.
    fn asked_to_stop(&self, _task: usize) {}

    /// Gives what a thread that waits for a task of this executor can do to hear of its end sooner.
    fn lookout(&self) -> Option<Arc<dyn Lookout>> {
        None
    }
}

/// What a waiting thread does while it looks around before it sleeps: it fetches results that come from elsewhere.
///
/// # Examples
/// ```
/// use std::sync::{Mutex, mpsc::Receiver};
/// use cf_core::{Promise, host::Lookout};
///
/// struct Post(Mutex<(Receiver<u32>, Option<Promise<u32>>)>);
///
/// impl Lookout for Post {
///     fn begin(&self) {}
///     fn look(&self) {
///         let mut post = self.0.lock().unwrap();
///         if let Ok(value) = post.0.try_recv() {
///             let _ = post.1.take().unwrap().set_result(value);
///         }
///     }
///     fn end(&self) {}
/// }
///
/// let (sender, receiver) = std::sync::mpsc::channel();
/// let (promise, future) = Promise::new();
/// let post = Post(Mutex::new((receiver, Some(promise))));
/// sender.send(7).unwrap();
/// post.look();
/// assert_eq!(future.result().unwrap(), 7);
/// ```
pub trait Lookout: Send + Sync {
    /// The thread begins to look.
    fn begin(&self);

    /// Looks once, without blocking; whatever has come is completed.
    fn look(&self);

    /// The thread looks no more; what comes from now on is for somebody else to fetch.
    fn end(&self);
}

thread_local! {
    static HOST: RefCell<Option<Rc<dyn Host>>> = const { RefCell::new(None) };
}

/// Makes the calling thread a worker: `host` answers for it from now on.
///
/// # Examples
/// ```
/// use cf_core::host;
///
/// host::install(None);
/// assert!(host::current().is_none());
/// ```
pub fn install(host: Option<Rc<dyn Host>>) {
    let previous = HOST.with(|slot| slot.replace(host));
    drop(previous);
}

/// Gives the calling thread's host, if it is a worker.
///
/// # Examples
/// ```
/// use cf_core::{Executor, InlineExecutor, host};
///
/// let is_worker = InlineExecutor::new().submit(|| host::current().is_some());
/// assert!(!is_worker.result().unwrap());
/// ```
pub fn current() -> Option<Rc<dyn Host>> {
    HOST.try_with(|slot| slot.borrow().clone()).ok().flatten()
}

/// Gives the home of the calling thread, if it is a worker.
///
/// # Examples
/// ```
/// use cf_core::host;
///
/// assert_eq!(host::current_home(), host::current().map(|host| host.home()));
/// ```
pub fn current_home() -> Option<Home> {
    HOST.try_with(|slot| slot.borrow().as_ref().map(|host| host.home()))
        .ok()
        .flatten()
}

static LANDLORDS: LazyLock<RwLock<HashMap<Home, Weak<dyn Landlord>>>> =
    LazyLock::new(RwLock::default);

/// Has `landlord` told of cancellations at `home`, for as long as it lives.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use cf_core::host::{self, Home, Landlord};
///
/// # struct Silent;
/// # impl Landlord for Silent { fn cancelled_in_queue(&self) {} }
/// let landlord: Arc<dyn Landlord> = Arc::new(Silent);
/// host::register(Home::unique(), &landlord);
/// assert_eq!((Arc::strong_count(&landlord), Arc::weak_count(&landlord)), (1, 1));
/// ```
pub fn register(home: Home, landlord: &Arc<dyn Landlord>) {
    LANDLORDS
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(home, Arc::downgrade(landlord));
}

/// Ends what [`register`] began.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use cf_core::host::{self, Home, Landlord};
///
/// # struct Silent;
/// # impl Landlord for Silent { fn cancelled_in_queue(&self) {} }
/// let (home, landlord): (_, Arc<dyn Landlord>) = (Home::unique(), Arc::new(Silent));
/// host::register(home, &landlord);
/// host::unregister(home);
/// assert_eq!(Arc::weak_count(&landlord), 0);
/// ```
pub fn unregister(home: Home) {
    LANDLORDS
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&home);
}

pub(crate) fn tell_cancelled(home: Home) {
    if let Some(landlord) = landlord(home) {
        landlord.cancelled_in_queue();
    }
}

pub(crate) fn tell_asked_to_stop(home: Home, task: usize) {
    if let Some(landlord) = landlord(home) {
        landlord.asked_to_stop(task);
    }
}

/// The lookout of who runs tasks at `home`.
pub(crate) fn lookout(home: Home) -> Option<Arc<dyn Lookout>> {
    if home.0 & HAS_LOOKOUT == 0 {
        return None;
    }
    landlord(home)?.lookout()
}

fn landlord(home: Home) -> Option<Arc<dyn Landlord>> {
    if home == Home::NOWHERE {
        return None;
    }
    let landlords = LANDLORDS.read().unwrap_or_else(PoisonError::into_inner);
    landlords.get(&home).and_then(Weak::upgrade)
}
