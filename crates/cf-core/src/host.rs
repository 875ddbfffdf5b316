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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Home(u32);

impl Home {
    /// The home of what is never queued.
    pub const NOWHERE: Self = Self(0);

    /// Makes an identity that no other executor has.
    pub fn unique() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// How a task ended.
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

    /// Whether another thread would run queued work while this one blocks.
    fn can_be_replaced(&self) -> bool;

    /// The thread is about to block: somebody else may be needed in its place.
    fn block(&self);

    /// The thread goes on.
    fn unblock(&self);
}

/// An executor that wants to hear that one of its queued tasks was cancelled.
pub trait Landlord: Send + Sync {
    /// A task that was queued here was cancelled; it is still in the queue and will be skipped.
    fn cancelled_in_queue(&self);
}

thread_local! {
    static HOST: RefCell<Option<Rc<dyn Host>>> = const { RefCell::new(None) };
}

/// Makes the calling thread a worker: `host` answers for it from now on.
pub fn install(host: Option<Rc<dyn Host>>) {
    let previous = HOST.with(|slot| slot.replace(host));
    drop(previous);
}

/// Gives the calling thread's host, if it is a worker.
pub fn current() -> Option<Rc<dyn Host>> {
    HOST.try_with(|slot| slot.borrow().clone()).ok().flatten()
}

/// Gives the home of the calling thread, if it is a worker.
pub fn current_home() -> Option<Home> {
    HOST.try_with(|slot| slot.borrow().as_ref().map(|host| host.home()))
        .ok()
        .flatten()
}

static LANDLORDS: LazyLock<RwLock<HashMap<Home, Weak<dyn Landlord>>>> =
    LazyLock::new(RwLock::default);

/// Has `landlord` told of cancellations at `home`, for as long as it lives.
pub fn register(home: Home, landlord: &Arc<dyn Landlord>) {
    LANDLORDS
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(home, Arc::downgrade(landlord));
}

/// Ends what [`register`] began.
pub fn unregister(home: Home) {
    LANDLORDS
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&home);
}

pub(crate) fn tell_cancelled(home: Home) {
    if home == Home::NOWHERE {
        return;
    }
    let landlord = LANDLORDS
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&home)
        .and_then(Weak::upgrade);
    if let Some(landlord) = landlord {
        landlord.cancelled_in_queue();
    }
}
