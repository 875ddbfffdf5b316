//! What the workers and the handles of a pool share: the queue, who sleeps, who may be started. See `shared/README.md`.

mod roster;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Instant,
};

use cf_core::{
    BlockedSection, BrokenExecutor, Error, Reason, Task,
    host::{self, Home, Landlord},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize},
        lock,
        thread::JoinHandle,
    },
};
use crossbeam_utils::CachePadded;

pub(crate) use self::roster::Next;
use crate::{
    builder::Settings,
    desk::{Desk, Sum},
    fifo::Fifo,
    room::{Bound, Room},
};

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) home: Home,
    /// One task in so many is timed: 1 while tasks are long, more while they are tiny.
    pub(crate) timing_interval: AtomicU32,
    /// Mirrors of what is under the lock, for looks without it.
    has_queue: CachePadded<AtomicBool>,
    /// Counts the changes of the list of desks.
    desks_version: AtomicUsize,
    can_call: CachePadded<AtomicBool>,
    is_closed: AtomicBool,
    n_cancelled_in_queue: AtomicU64,
    state: CachePadded<Mutex<State>>,
    /// Held while threads are joined, so that every `shutdown` returns after the last of them.
    joining: Mutex<()>,
}

#[derive(Default)]
pub(crate) struct State {
    queue: Fifo,
    /// The most recently idle last.
    sleepers: Vec<Arc<Desk>>,
    desks: Vec<Arc<Desk>>,
    handles: BTreeMap<usize, JoinHandle<()>>,
    /// Of threads that are on their way out; the next one to leave joins them.
    leavers: Vec<JoinHandle<()>>,
    next_number: usize,
    /// Threads that neither sleep nor block.
    n_active: usize,
    /// Threads on their way to look for work: whoever submits meanwhile need not call another.
    n_searching: usize,
    /// Tasks not started yet; kept where the queue has a bound.
    n_unstarted: usize,
    n_submitted: u64,
    room: Room,
    broken: Option<BrokenExecutor>,
    is_shut_down: bool,
    no_spawn_before: Option<Instant>,
    /// What workers that have left had done.
    past: Sum,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        let shared = Arc::new(Self {
            settings,
            home: Home::unique(),
            timing_interval: AtomicU32::new(1),
            has_queue: CachePadded::new(AtomicBool::new(false)),
            desks_version: AtomicUsize::new(1),
            can_call: CachePadded::new(AtomicBool::new(true)),
            is_closed: AtomicBool::new(false),
            n_cancelled_in_queue: AtomicU64::new(0),
            state: CachePadded::new(Mutex::new(State::default())),
            joining: Mutex::new(()),
        });
        let landlord: Arc<dyn Landlord> = Arc::clone(&shared) as Arc<dyn Landlord>;
        host::register(shared.home, &landlord);
        shared
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Stores the mirrors where they have changed; to be called before the lock is released by whoever changed what they
    /// mirror.
    fn mirror(&self, state: &State) {
        for (mirror, now) in [
            (&self.has_queue, !state.queue.is_empty()),
            (&self.can_call, self.could_call(state)),
        ] {
            if mirror.load(Ordering::Relaxed) != now {
                mirror.store(now, Ordering::Relaxed);
            }
        }
    }

    /// Whether tasks wait in the common queue.
    pub(crate) fn has_queue(&self) -> bool {
        self.has_queue.load(Ordering::Relaxed)
    }

    pub(crate) fn is_bounded(&self) -> bool {
        self.settings.queue_capacity.is_some()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Whether there seems to be something to do.
    pub(crate) fn sees_work(&self) -> bool {
        self.has_queue() || self.is_closed()
    }

    /// Puts a task into the queue, under one lock with the check that it may; gives it back if not.
    pub(crate) fn push(self: &Arc<Self>, task: Task, bound: Bound) -> Result<(), (Task, Reason)> {
        let mut state = self.lock();
        if let Some(reason) = self.refusal(&state, bound) {
            drop(state);
            return Err((task, reason));
        }
        state
            .queue
            .push(task, self.timing_interval.load(Ordering::Relaxed));
        state.n_submitted += 1;
        if self.is_bounded() {
            state.n_unstarted += 1;
        }
        let call = self.choose(&mut state);
        self.mirror(&state);
        drop(state);
        Self::make(call);
        Ok(())
    }

    /// Why a submission is refused: broken before shut down before full.
    fn refusal(&self, state: &State, bound: Bound) -> Option<Reason> {
        if let Some(broken) = &state.broken {
            return Some(Reason::Broken(broken.clone()));
        }
        if state.is_shut_down {
            return Some(Reason::Shutdown);
        }
        let is_full = self
            .settings
            .queue_capacity
            .is_some_and(|capacity| state.n_unstarted >= capacity);
        (is_full && bound == Bound::Respect).then_some(Reason::Full)
    }

    /// A future that is done when there is room; `None` if there is, or if waiting for it is in vain.
    pub(crate) fn room(&self) -> Option<cf_core::Future<()>> {
        let mut state = self.lock();
        if !matches!(self.refusal(&state, Bound::Respect), Some(Reason::Full)) {
            return None;
        }
        let (room, abandoned) = state.room.ask();
        drop(state);
        drop(abandoned);
        Some(room)
    }

    /// A task left the queue by being started or cancelled.
    pub(crate) fn made_room(&self) {
        let Some(capacity) = self.settings.queue_capacity else {
            return;
        };
        let mut state = self.lock();
        state.n_unstarted = state.n_unstarted.saturating_sub(1);
        let n_queued = state.n_unstarted;
        let told = state.room.made(capacity, n_queued);
        drop(state);
        told.tell();
    }

    /// Breaks the pool: what is queued fails, what runs ends normally.
    pub(crate) fn break_down(&self, broken: &BrokenExecutor) {
        let mut state = self.lock();
        state.broken.get_or_insert_with(|| broken.clone());
        let tasks = self.drain(&mut state);
        state.count_failed(&tasks);
        self.close(state);
        for task in tasks {
            task.fail(Error::BrokenExecutor(broken.clone()));
        }
    }

    /// Takes no more work; with `cancel_futures` also cancels what has not started.
    pub(crate) fn shut_down(self: &Arc<Self>, cancel_futures: bool) {
        let mut state = self.lock();
        state.is_shut_down = true;
        let tasks = if cancel_futures {
            self.drain(&mut state)
        } else {
            Vec::new()
        };
        self.close(state);
        for task in tasks {
            task.cancel();
        }
    }

    fn drain(&self, state: &mut State) -> Vec<Task> {
        let mut tasks = state.queue.take_all();
        for desk in &state.desks {
            tasks.append(&mut desk.with_local(Fifo::take_all));
        }
        self.mirror(state);
        tasks
    }

    /// Has everybody see that the pool takes no more work.
    fn close(&self, mut state: MutexGuard<'_, State>) {
        self.is_closed.store(true, Ordering::Release);
        let sleepers = std::mem::take(&mut state.sleepers);
        state.n_active += sleepers.len();
        state.n_searching += sleepers.len();
        let room = state.room.close();
        self.mirror(&state);
        drop(state);
        sleepers.iter().for_each(|desk| desk.call());
        room.tell();
    }

    /// Whether there is a thread whose end nobody has waited for.
    pub(crate) fn has_unjoined(&self) -> bool {
        let state = self.lock();
        !state.handles.is_empty() || !state.leavers.is_empty()
    }

    /// Waits until all threads have ended.
    pub(crate) fn join(&self) {
        let _section = BlockedSection::enter();
        let _joining = lock(&self.joining);
        loop {
            let mut state = self.lock();
            let first = state.handles.pop_first().map(|(_, handle)| handle);
            let handle = first.or_else(|| state.leavers.pop());
            drop(state);
            let Some(handle) = handle else { return };
            let _ = handle.join();
        }
    }

    /// The threads there are, those of them that have nothing to do, and what all have done.
    pub(crate) fn sum(&self) -> (usize, usize, Sum) {
        let state = self.lock();
        let mut sum = state.past.clone();
        // Read before what was submitted, so that no difference is negative.
        let n_cancelled = self.n_cancelled_in_queue.load(Ordering::Acquire);
        state
            .desks
            .iter()
            .for_each(|desk| desk.tally.add_to(&mut sum));
        sum.submitted += state.n_submitted;
        sum.cancelled_queued = n_cancelled;
        sum.submitted = sum.submitted.saturating_sub(n_cancelled);
        let n_free = state
            .desks
            .iter()
            .filter(|desk| desk.is_free.load(Ordering::Acquire))
            .count();
        (
            state.desks.len(),
            state.sleepers.len() + state.n_searching + n_free,
            sum,
        )
    }
}

impl State {
    /// Counts queued tasks that are about to be failed.
    fn count_failed(&mut self, tasks: &[Task]) {
        let n_pending = tasks.iter().filter(|task| task.is_pending()).count() as u64;
        self.past.started += n_pending;
        self.past.failed += n_pending;
    }
}

impl Landlord for Shared {
    fn cancelled_in_queue(&self) {
        self.n_cancelled_in_queue.fetch_add(1, Ordering::Release);
        self.made_room();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        host::unregister(self.home);
    }
}
