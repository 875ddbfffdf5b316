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
    /// Somebody on the loop waits for the end to run them.
    has_runner: bool,
    /// The future's reader, which gets the value after they have looked at it.
    reader: Option<Waker>,
}

impl<T: 'static> Callbacks<T> {
    pub(crate) fn new() -> Self {
        Self {
            queue: Arc::new(Mutex::new(Queue {
                waiting: VecDeque::new(),
                next_id: 0,
                has_runner: false,
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
        let needs_runner = !std::mem::replace(&mut queue.has_runner, true);
        drop(queue);
        if needs_runner {
            let mut observed = observed();
            let runner = Runner(Arc::clone(&self.queue));
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
        CallbackId(id)
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
        if !queue.has_runner {
            return Poll::Ready(());
        }
        let older = queue.reader.replace(waker);
        drop(queue);
        drop(older);
        Poll::Pending
    }
}

/// Who runs them; gone, also with its runtime, it keeps nobody waiting.
struct Runner<T>(Arc<Mutex<Queue<T>>>);

impl<T> Runner<T> {
    /// The next one to be run; without one this runner has ended.
    fn next(&self) -> Option<Callback<T>> {
        let mut queue = lock(&self.0);
        let next = queue.waiting.pop_front();
        queue.has_runner = next.is_some();
        next.map(|(_, callback)| callback)
    }
}

impl<T> Drop for Runner<T> {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.has_runner = false;
        let abandoned = std::mem::take(&mut queue.waiting);
        let reader = queue.reader.take();
        drop(queue);
        unwind::contain("drop of a done callback", || drop(abandoned));
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}
