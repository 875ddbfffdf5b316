//! What belongs to one event loop that `run` made: the tasks that are to end before it does, and its default executor.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, LazyLock, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use cf_core::{
    sync::{Mutex, lock},
    unwind,
};
use tokio::runtime::{Handle, Id};

use crate::{control::Control, default_executor::DefaultExecutor};

static LOOPS: LazyLock<RwLock<HashMap<Id, Arc<EventLoop>>>> = LazyLock::new(RwLock::default);
/// So that a program without `run` pays one look for it.
static N_LOOPS: AtomicUsize = AtomicUsize::new(0);

/// The state of one loop.
#[derive(Default)]
pub(crate) struct EventLoop {
    tasks: Mutex<Tasks>,
    default_executor: Arc<DefaultExecutor>,
}

#[derive(Default)]
struct Tasks {
    live: HashMap<u64, Arc<Control>>,
    is_closing: bool,
    closer: Option<Waker>,
}

/// Counts a task in until it is dropped.
#[derive(Debug)]
pub(crate) struct Registration {
    event_loop: Arc<EventLoop>,
    id: u64,
}

/// The loop that `run` made for this runtime, if it did.
pub(crate) fn of(handle: &Handle) -> Option<Arc<EventLoop>> {
    if N_LOOPS.load(Ordering::Acquire) == 0 {
        return None;
    }
    LOOPS
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&handle.id())
        .cloned()
}

/// Counts a task in with the loop that `run` made for this runtime, if it did.
pub(crate) fn register(handle: &Handle, control: &Arc<Control>) -> Option<Registration> {
    of(handle).map(|event_loop| event_loop.register(control))
}

impl EventLoop {
    /// Makes the one of `handle`'s runtime, to be found until it is closed.
    pub(crate) fn open(handle: &Handle) -> Arc<Self> {
        let event_loop = Arc::new(Self::default());
        LOOPS
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(handle.id(), Arc::clone(&event_loop));
        N_LOOPS.fetch_add(1, Ordering::AcqRel);
        event_loop
    }

    /// Takes the loop down with `take_down`, and makes it be found no more after that, however that ends.
    pub(crate) fn forget_later(handle: &Handle, take_down: impl FnOnce()) {
        struct Forget(Id);
        impl Drop for Forget {
            fn drop(&mut self) {
                let removed = LOOPS
                    .write()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&self.0);
                if removed.is_some() {
                    N_LOOPS.fetch_sub(1, Ordering::AcqRel);
                }
                drop(removed);
            }
        }
        let _forget = Forget(handle.id());
        take_down();
    }

    pub(crate) fn default_executor(&self) -> &Arc<DefaultExecutor> {
        &self.default_executor
    }

    /// Counts a task in; one that comes while the loop closes is cancelled before it starts.
    pub(crate) fn register(self: &Arc<Self>, control: &Arc<Control>) -> Registration {
        let mut tasks = lock(&self.tasks);
        tasks.live.insert(control.id(), Arc::clone(control));
        let is_closing = tasks.is_closing;
        drop(tasks);
        if is_closing {
            control.cancel();
        }
        Registration {
            event_loop: Arc::clone(self),
            id: control.id(),
        }
    }

    /// Cancels all tasks, and those that come from now on.
    pub(crate) fn cancel_all(&self) {
        let mut tasks = lock(&self.tasks);
        tasks.is_closing = true;
        let live: Vec<_> = tasks.live.values().cloned().collect();
        drop(tasks);
        for control in live {
            control.cancel();
        }
    }

    /// Ready once no task is left.
    pub(crate) fn poll_empty(&self, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut tasks = lock(&self.tasks);
        if tasks.live.is_empty() {
            tasks.is_closing = false;
            return Poll::Ready(());
        }
        let older = tasks.closer.replace(waker);
        drop(tasks);
        drop(older);
        Poll::Pending
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut tasks = lock(&self.event_loop.tasks);
        let control = tasks.live.remove(&self.id);
        let closer = if tasks.live.is_empty() {
            tasks.closer.take()
        } else {
            None
        };
        drop(tasks);
        drop(control);
        unwind::wake(closer);
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLoop")
            .field("n_tasks", &lock(&self.tasks).live.len())
            .finish_non_exhaustive()
    }
}
