//! Done callbacks of the awaitable face: run later on the loop, in the order in which they were added, never inline.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use cf_core::{
    Done,
    bridge::{Observer, SharedAwaited},
    sync::{Mutex, lock},
    unwind,
};
use tokio::runtime::Handle;

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
    waiting: VecDeque<(u64, Callback<T>)>,
    next_id: u64,
    /// The loop on which somebody waits for the end to run them.
    runs_on: Option<Handle>,
    /// The future's reader, which gets the value after they have looked at it.
    reader: Option<Waker>,
}

impl<T: 'static> Callbacks<T> {
    pub(crate) fn new() -> Self {
        Self {
            queue: Arc::new(Mutex::new(Queue {
                waiting: VecDeque::new(),
                next_id: 0,
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
        let mut queue = lock(&self.queue);
        let id = queue.next_id;
        queue.next_id += 1;
        queue.waiting.push_back((id, callback));
        let needs_runner = queue.runs_on.is_none();
        if needs_runner {
            queue.runs_on = Some(handle.clone());
        }
        drop(queue);
        if needs_runner {
            self.run_later(&handle, observed());
        }
        CallbackId(id)
    }

    /// Runs them at the end of what is observed; `runs_on` is set by now.
    fn run_later(&self, handle: &Handle, mut observed: impl Observed<T>) {
        let mut runner = Runner {
            queue: Arc::clone(&self.queue),
            is_over: false,
        };
        drop(handle.spawn(async move {
            poll_fn(|context| observed.poll_end(context)).await;
            while let Some(callback) = runner.next() {
                let mut callback = Some(callback);
                observed.look(&mut |done| {
                    if let Some(callback) = callback.take() {
                        unwind::contain("done callback", || callback(done));
                    }
                });
            }
        }));
    }

    /// Takes those that wait along to where the outcome is to be seen from now on, under the ids they have.
    pub(crate) fn moved_to<O: Observed<T>>(&self, observed: impl FnOnce() -> O) -> Self {
        let moved = Self::new();
        let mut older = lock(&self.queue);
        let mut newer = lock(&moved.queue);
        std::mem::swap(&mut newer.waiting, &mut older.waiting);
        newer.next_id = older.next_id;
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
        let index = queue.waiting.iter().position(|(one, _)| *one == id.0);
        let removed = index.and_then(|index| queue.waiting.remove(index));
        drop(queue);
        let was_there = removed.is_some();
        unwind::contain("drop of a done callback", || drop(removed));
        was_there
    }

    /// Ready once none is left to be run.
    pub(crate) fn poll_idle(&self, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut queue = lock(&self.queue);
        if queue.runs_on.is_none() {
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
        if let Some((_, callback)) = queue.waiting.pop_front() {
            return Some(callback);
        }
        self.is_over = true;
        let handle = queue.runs_on.take();
        let reader = queue.reader.take();
        drop(queue);
        drop(handle);
        if let Some(reader) = reader {
            reader.wake();
        }
        None
    }
}

impl<T> Drop for Runner<T> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut queue = lock(&self.queue);
        let handle = queue.runs_on.take();
        let abandoned = std::mem::take(&mut queue.waiting);
        let reader = queue.reader.take();
        drop(queue);
        drop(handle);
        unwind::contain("drop of a done callback", || drop(abandoned));
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}
