//! What every future's cell can tell and do, whatever the type of its value.

use std::{any::Any, collections::VecDeque, sync::Arc, task::Waker};

use crate::{
    arrivals::Arrivals,
    error::Error,
    host::{Home, Host},
    state::Phase,
    sync::{Thread, thread::ThreadId},
    unwind,
};

/// The untyped face of a cell.
pub(crate) trait Node: Any + Send + Sync {
    fn phase(&self) -> Phase;

    /// Where its task runs.
    fn home(&self) -> Home;

    /// Final, as far as the calling thread may know: others see `Settling` as unfinished, the settling thread does not.
    fn is_done(&self) -> bool;

    /// Cancelled, as far as the calling thread may know.
    fn is_cancelled(&self) -> bool;

    /// Cancels it, and what it was to get its value from, as far as that is pending; true if it is cancelled now.
    fn cancel(&self) -> bool {
        // In a loop, because a chain of futures may be long.
        let mut sources = VecDeque::new();
        let cancelled = self.cancel_alone(&mut sources);
        while let Some(source) = sources.pop_front() {
            source.cancel_alone(&mut sources);
        }
        cancelled
    }

    /// As `cancel`, but leaves what it was to get its value from to the caller.
    fn cancel_alone(&self, sources: &mut VecDeque<Arc<dyn Node>>) -> bool;

    /// Cancels it and where it comes from, or asks what is running to stop; false if it had ended.
    fn request_cancel(&self) -> bool {
        let mut sources = VecDeque::new();
        let accepted = self.request_cancel_alone(&mut sources);
        while let Some(source) = sources.pop_front() {
            source.request_cancel_alone(&mut sources);
        }
        accepted
    }

    /// As `request_cancel`, but leaves what it was to get its value from to the caller.
    fn request_cancel_alone(&self, sources: &mut VecDeque<Arc<dyn Node>>) -> bool;

    /// Whether a running task was asked to stop.
    fn is_asked_to_stop(&self) -> bool;

    /// Its reader gives up, though it may run: who awaits it is told that it was cancelled. False if it has an outcome, or was
    /// given up before.
    fn abandon(&self) -> bool;

    /// Whether its reader gave up.
    fn is_abandoned(&self) -> bool;

    /// The error it failed with, if it has failed.
    fn error(&self) -> Option<Error>;

    /// Asks to be told when it ends, unless it has ended already.
    fn watch(&self, watcher: Watcher) -> Watch;

    /// Asks to be told when it ends for those who await it: also when its reader gives up.
    fn watch_as_awaited(&self, watcher: Watcher) -> Watch;

    /// Takes the question back.
    fn unwatch(&self, watcher: &WatcherId);

    /// What this future will get its value from; empty for a task or a bare promise.
    fn sources(&self) -> Vec<Arc<dyn Node>>;

    /// Runs it here and now if it is queued at `host`'s home; false if it is not.
    fn run_queued(self: Arc<Self>, host: &dyn Host) -> bool;

    /// The type name of the callable and where it was submitted, for messages.
    fn name(&self) -> String;
}

/// The identity of a cell: unique while the cell lives.
pub(crate) fn id(node: &dyn Node) -> usize {
    std::ptr::from_ref(node).cast::<u8>().addr()
}

/// Somebody who wants to know that a future ended.
#[derive(Debug)]
pub(crate) enum Watcher {
    /// A thread that is parked, or about to.
    Thread(Thread),
    /// A place in a set of futures that is waited for.
    Set(Arc<Arrivals>, u32),
    /// A place in a set of futures that is awaited.
    AwaitedSet(Arc<Arrivals>, u32),
    /// An asynchronous task, and as whom it watches.
    Task(Waker, TaskKey),
}

/// As whom an asynchronous task watches a cell: a newer waker under the same key takes the older one's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskKey(pub(crate) u32);

impl TaskKey {
    /// The unique handle that will take the value.
    pub(crate) const READER: Self = Self(0);
    /// Who runs callbacks at the end.
    pub(crate) const OBSERVER: Self = Self(1);
    /// The promise's side, which waits for a cancellation.
    pub(crate) const PRODUCER: Self = Self(2);
    /// The first one for the clones of a shared future.
    pub(crate) const FIRST_SHARED: u32 = 3;
}

/// Which watcher is meant.
#[derive(Debug)]
pub(crate) enum WatcherId {
    Thread(ThreadId),
    Set(Arc<Arrivals>),
    Task(TaskKey),
}

/// What became of a wish to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    Registered,
    AlreadyWatched,
    Ended,
}

impl Watcher {
    pub(crate) fn notify(self, phase: Phase) {
        match self {
            Self::Thread(thread) => thread.unpark(),
            Self::Set(arrivals, index) | Self::AwaitedSet(arrivals, index) => {
                arrivals.arrive(index, phase == Phase::Failed);
            }
            // An executor's waker is foreign code.
            Self::Task(waker, _) => unwind::wake([waker]),
        }
    }

    /// Whether it is told when the reader gives up; a thread that blocks waits for the real end.
    pub(crate) fn sees_giving_up(&self) -> bool {
        matches!(self, Self::AwaitedSet(..) | Self::Task(..))
    }

    pub(crate) fn is(&self, id: &WatcherId) -> bool {
        match (self, id) {
            (Self::Thread(a), WatcherId::Thread(b)) => a.id() == *b,
            (Self::Set(a, _) | Self::AwaitedSet(a, _), WatcherId::Set(b)) => Arc::ptr_eq(a, b),
            (Self::Task(_, a), WatcherId::Task(b)) => a == b,
            _ => false,
        }
    }

    /// Whether `newer` watches for the same party.
    pub(crate) fn is_replaced_by(&self, newer: &Self) -> bool {
        match (self, newer) {
            (Self::Thread(a), Self::Thread(b)) => a.id() == b.id(),
            (Self::Set(a, _), Self::Set(b, _))
            | (Self::AwaitedSet(a, _), Self::AwaitedSet(b, _)) => Arc::ptr_eq(a, b),
            (Self::Task(_, a), Self::Task(_, b)) => a == b,
            _ => false,
        }
    }
}
