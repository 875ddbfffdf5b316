//! Done callbacks of the awaitable face: run later on the loop, in the order in which they were added, never inline.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use cf_core::{
    Done,
    bridge::{Observer, SharedAwaited},
    sync::{Mutex, lock},
    unwind,
};
use tokio::runtime::Handle;

use crate::guarded::guarded;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

type Callback<T> = Box<dyn FnOnce(&Done<'_, T>) + Send>;

/// Names a callback that was added, to remove it again.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (promise, future) = aio_bridge::future::<u32>();
/// let id = future.add_done_callback(|_| unreachable!());
/// assert!(future.remove_done_callback(id));
/// # drop(promise);
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallbackId(u64);

/// What callbacks are told about.
pub(crate) trait Observed<T>: Send + 'static {
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()>;

    fn look(&self, f: &mut dyn FnMut(&Done<'_, T>));
}

impl<T: Send + 'static> Observed<T> for Observer<T> {
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.poll(context)
    }

    fn look(&self, f: &mut dyn FnMut(&Done<'_, T>)) {
        Observer::look(self, f);
    }
}

impl<T: Send + Sync + 'static> Observed<T> for SharedAwaited<T> {
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.poll_done(context)
    }

    fn look(&self, f: &mut dyn FnMut(&Done<'_, T>)) {
        SharedAwaited::look(self, f);
    }
}

/// The callbacks of one future.
pub(crate) struct Callbacks<T> {
    queue: Arc<Mutex<Queue<T>>>,
}

struct Queue<T> {
    waiting: VecDeque<(CallbackId, Callback<T>)>,
    is_calling: bool,
    /// The loop on which somebody waits for the end to run them.
    runs_on: Option<Handle>,
    /// The future's reader, which gets the value after they have looked at it.
    reader: Option<Waker>,
}

impl<T> Queue<T> {
    /// Whether the reader need not wait for a callback to look.
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && !self.is_calling
    }
}

impl<T: 'static> Callbacks<T> {
    pub(crate) fn new() -> Self {
        Self {
            queue: Arc::new(Mutex::new(Queue {
                waiting: VecDeque::new(),
                is_calling: false,
                runs_on: None,
                reader: None,
            })),
        }
    }

    /// Adds one; `observed` is only called if nobody runs them yet.
    pub(crate) fn add<O: Observed<T>>(
        &self,
        callback: Callback<T>,
        observed: impl FnOnce() -> O,
    ) -> CallbackId {
        let handle = Handle::try_current().unwrap_or_else(|_| {
            panic!("add_done_callback needs a running event loop, because callbacks run on it")
        });
        let id = CallbackId(NEXT_ID.fetch_add(1, Ordering::Relaxed));
        let mut queue = lock(&self.queue);
        queue.waiting.push_back((id, callback));
        let needs_runner = queue.runs_on.is_none();
        if needs_runner {
            queue.runs_on = Some(handle.clone());
        }
        drop(queue);
        if needs_runner {
            self.run_later(&handle, observed());
        }
        id
    }

    /// Runs them at the end of what is observed; `runs_on` is set by now.
    fn run_later(&self, handle: &Handle, mut observed: impl Observed<T>) {
        let mut runner = Runner {
            queue: Arc::clone(&self.queue),
            is_over: false,
        };
        drop(handle.spawn(guarded(async move {
            poll_fn(|context| observed.poll_end(context)).await;
            while let Some(callback) = runner.next() {
                let mut callback = Some(callback);
                observed.look(&mut |done| {
                    if let Some(callback) = callback.take() {
                        unwind::contain("done callback", || callback(done));
                    }
                });
            }
        })));
    }

    /// Takes those that wait along to where the outcome is to be seen from now on, under the ids they have.
    pub(crate) fn moved_to<O: Observed<T>>(&self, observed: impl FnOnce() -> O) -> Self {
        let moved = Self::new();
        let mut older = lock(&self.queue);
        let mut newer = lock(&moved.queue);
        std::mem::swap(&mut newer.waiting, &mut older.waiting);
        if !newer.waiting.is_empty() {
            newer.runs_on.clone_from(&older.runs_on);
        }
        let handle = newer.runs_on.clone();
        drop((older, newer));
        if let Some(handle) = handle {
            moved.run_later(&handle, observed());
        }
        moved
    }

    pub(crate) fn remove(&self, id: CallbackId) -> bool {
        let mut queue = lock(&self.queue);
        let index = queue.waiting.iter().position(|(one, _)| *one == id);
        let removed = index.and_then(|index| queue.waiting.remove(index));
        let reader = queue.is_idle().then(|| queue.reader.take()).flatten();
        drop(queue);
        unwind::wake(reader);
        let was_there = removed.is_some();
        unwind::contain("drop of a done callback", || drop(removed));
        was_there
    }

    /// Ready once none is left to be run.
    pub(crate) fn poll_idle(&self, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut queue = lock(&self.queue);
        if queue.is_idle() {
            return Poll::Ready(());
        }
        let older = queue.reader.replace(waker);
        drop(queue);
        drop(older);
        Poll::Pending
    }
}

/// Who runs them; gone with its runtime before its end, it keeps nobody waiting.
struct Runner<T> {
    queue: Arc<Mutex<Queue<T>>>,
    /// What is added from now on has another runner.
    is_over: bool,
}

impl<T> Runner<T> {
    /// The next one to be run; without one this runner has ended.
    fn next(&mut self) -> Option<Callback<T>> {
        let mut queue = lock(&self.queue);
        let next = queue.waiting.pop_front();
        queue.is_calling = next.is_some();
        if let Some((_, callback)) = next {
            return Some(callback);
        }
        self.is_over = true;
        let handle = queue.runs_on.take();
        let reader = queue.reader.take();
        drop(queue);
        drop(handle);
        unwind::wake(reader);
        None
    }
}

impl<T> Drop for Runner<T> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut queue = lock(&self.queue);
        queue.is_calling = false;
        let handle = queue.runs_on.take();
        let abandoned = std::mem::take(&mut queue.waiting);
        let reader = queue.reader.take();
        drop(queue);
        drop(handle);
        unwind::contain("drop of a done callback", || drop(abandoned));
        unwind::wake(reader);
    }
}
