//! What the workers and the handles of a pool share: the queue, who sleeps, who may be started. See `README.md` beside this file.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use cf_core::{
    BlockedSection, BrokenExecutor, Error, Promise, Reason, Task,
    host::{self, Home, Landlord},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU32, AtomicUsize},
        lock,
        thread::{self, JoinHandle},
    },
};
use crossbeam_utils::CachePadded;

use crate::{
    builder::Settings,
    desk::{Desk, Sum},
    fifo::Fifo,
    worker,
};

/// After the system refused a thread, so long is none asked for while others can do the work.
const SPAWN_PAUSE: Duration = Duration::from_millis(100);

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) home: Home,
    /// One task in so many is timed: 1 while tasks are long, more while they are tiny.
    pub(crate) timing_interval: AtomicU32,
    /// Mirrors of what is under the lock, for looks without it.
    n_queued: CachePadded<AtomicUsize>,
    /// Counts the changes of the list of desks.
    desks_version: AtomicUsize,
    can_call: CachePadded<AtomicBool>,
    is_closed: AtomicBool,
    n_cancelled_in_queue: AtomicU64,
    state: CachePadded<Mutex<State>>,
    /// Held while threads are joined, so that every `shutdown` returns after the last of them.
    joining: std::sync::Mutex<()>,
}

#[derive(Default)]
pub(crate) struct State {
    queue: Fifo,
    /// The most recently idle last.
    sleepers: Vec<Arc<Desk>>,
    desks: Vec<Arc<Desk>>,
    handles: HashMap<usize, JoinHandle<()>>,
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
    room: VecDeque<Promise<()>>,
    broken: Option<BrokenExecutor>,
    is_shut_down: bool,
    no_spawn_before: Option<Instant>,
    /// What workers that have left had done.
    past: Sum,
}

/// Somebody to be called once the lock is released.
#[must_use]
pub(crate) enum Call {
    Nobody,
    Wake(Arc<Desk>),
    /// No thread could be started and none is there: these tasks fail.
    Strand(Vec<Task>, Arc<io::Error>),
}

/// What a worker finds when it asks for its next task.
pub(crate) enum Next {
    Task(Task),
    Nothing,
    /// More threads are active than should be.
    Surplus,
}

/// Whether a submission respects the bound of the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Respect,
    Ignore,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        let shared = Arc::new(Self {
            settings,
            home: Home::unique(),
            timing_interval: AtomicU32::new(1),
            n_queued: CachePadded::new(AtomicUsize::new(0)),
            desks_version: AtomicUsize::new(1),
            can_call: CachePadded::new(AtomicBool::new(true)),
            is_closed: AtomicBool::new(false),
            n_cancelled_in_queue: AtomicU64::new(0),
            state: CachePadded::new(Mutex::new(State::default())),
            joining: std::sync::Mutex::new(()),
        });
        let landlord: Arc<dyn Landlord> = Arc::clone(&shared) as Arc<dyn Landlord>;
        host::register(shared.home, &landlord);
        shared
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Stores the mirrors; to be called before the lock is released by whoever changed what they mirror.
    fn mirror(&self, state: &State) {
        self.n_queued.store(state.queue.len(), Ordering::Relaxed);
        self.can_call
            .store(self.could_call(state), Ordering::Relaxed);
    }

    fn could_call(&self, state: &State) -> bool {
        state.n_searching == 0
            && state.n_active < self.settings.max_workers
            && (!state.sleepers.is_empty() || state.desks.len() < self.max_threads())
    }

    fn max_threads(&self) -> usize {
        self.settings
            .max_workers
            .saturating_add(self.settings.compensate)
    }

    /// Whether tasks wait in the common queue.
    pub(crate) fn has_queue(&self) -> bool {
        self.n_queued.load(Ordering::Relaxed) > 0
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
        let (promise, room) = Promise::new();
        state.room.push_back(promise);
        Some(room)
    }

    /// A task left the queue by being started or cancelled: whoever waits for room may try.
    pub(crate) fn made_room(&self) {
        if !self.is_bounded() {
            return;
        }
        let mut state = self.lock();
        state.n_unstarted = state.n_unstarted.saturating_sub(1);
        let mut told = None;
        while let Some(promise) = state.room.pop_front() {
            if !promise.is_cancelled() {
                told = Some(promise);
                break;
            }
        }
        drop(state);
        if let Some(promise) = told {
            let _ = promise.set_result(());
        }
    }

    /// Decides who is to be called for one more task: a sleeper, or a new thread; nobody if somebody is on the way.
    fn choose(self: &Arc<Self>, state: &mut State) -> Call {
        if !self.could_call(state)
            || state
                .desks
                .iter()
                .any(|desk| desk.is_free.load(Ordering::Acquire))
        {
            return Call::Nobody;
        }
        let call = match state.sleepers.pop() {
            Some(desk) => Call::Wake(desk),
            None => self.start(state),
        };
        if matches!(call, Call::Wake(_)) {
            state.n_active += 1;
            state.n_searching += 1;
        }
        call
    }

    /// Makes the call, without the lock.
    fn make(call: Call) {
        match call {
            Call::Nobody => {}
            Call::Wake(desk) => desk.call(),
            Call::Strand(tasks, error) => {
                for task in tasks {
                    task.fail(Error::Rejected(Reason::NoThread(Arc::clone(&error))));
                }
            }
        }
    }

    /// Starts a thread, under the lock, so that whoever joins finds its handle.
    fn start(self: &Arc<Self>, state: &mut State) -> Call {
        if state
            .no_spawn_before
            .is_some_and(|then| Instant::now() < then)
        {
            return Call::Nobody;
        }
        let number = state.next_number;
        let mut builder =
            thread::Builder::new().name(format!("{}_{number}", self.settings.name_prefix));
        if let Some(n_bytes) = self.settings.stack_size {
            builder = builder.stack_size(n_bytes);
        }
        let desk = Arc::new(Desk::new(number));
        let (shared, its_desk) = (Arc::clone(self), Arc::clone(&desk));
        match builder.spawn(move || worker::run(shared, its_desk)) {
            Ok(handle) => {
                state.next_number += 1;
                state.n_active += 1;
                state.n_searching += 1;
                state.handles.insert(number, handle);
                state.desks.push(desk);
                self.desks_version.fetch_add(1, Ordering::Release);
                Call::Nobody
            }
            Err(error) => self.could_not_start(state, error),
        }
    }

    fn could_not_start(&self, state: &mut State, error: io::Error) -> Call {
        tracing::warn!(target: "concurrent_futures", %error, "no worker thread could be started");
        if !state.desks.is_empty() {
            // Those that are there will do the work.
            state.no_spawn_before = Instant::now().checked_add(SPAWN_PAUSE);
            return Call::Nobody;
        }
        let stranded = state.queue.take_all();
        state.n_unstarted = 0;
        state.past.started += stranded.len() as u64;
        state.past.failed += stranded.len() as u64;
        Call::Strand(stranded, Arc::new(error))
    }

    /// Called when a worker put a task into its own queue, or blocks: calls somebody if there is somebody to call.
    pub(crate) fn call_for_local_work(self: &Arc<Self>) {
        if self.can_call.load(Ordering::Relaxed) {
            let mut state = self.lock();
            let call = self.choose(&mut state);
            self.mirror(&state);
            drop(state);
            Self::make(call);
        }
    }

    /// Gives the worker its next task and moves up to `n_tasks` in all to its own queue, where others may take them.
    ///
    /// If there is none, the worker begins to search, unless somebody else does.
    pub(crate) fn take(
        self: &Arc<Self>,
        desk: &Desk,
        n_tasks: usize,
        is_searching: &mut bool,
    ) -> Next {
        let mut state = self.lock();
        desk.is_free.store(false, Ordering::Release);
        if state.n_active > self.settings.max_workers {
            return Next::Surplus;
        }
        let interval = self.timing_interval.load(Ordering::Relaxed);
        let waited = |since| desk.tally.waited(since, interval);
        let Some(task) = state.queue.pop(waited) else {
            if !*is_searching && state.n_searching == 0 {
                *is_searching = true;
                state.n_searching += 1;
                self.mirror(&state);
            }
            return Next::Nothing;
        };
        if n_tasks > 1 {
            desk.with_local(|local| state.queue.pop_into(n_tasks - 1, local, waited));
        }
        if std::mem::take(is_searching) {
            state.n_searching -= 1;
        }
        let has_more = !state.queue.is_empty() || desk.n_local() > 0;
        let call = if has_more {
            self.choose(&mut state)
        } else {
            Call::Nobody
        };
        self.mirror(&state);
        drop(state);
        Self::make(call);
        Next::Task(task)
    }

    /// Brings a worker's list of all desks up to date.
    pub(crate) fn refresh(&self, known: &mut (usize, Vec<Arc<Desk>>)) {
        let version = self.desks_version.load(Ordering::Acquire);
        if known.0 != version {
            *known = (version, self.lock().desks.clone());
        }
    }

    /// A searcher found work elsewhere than in the queue; somebody else may have to search for more.
    pub(crate) fn end_search(self: &Arc<Self>, sees_more: bool) {
        let mut state = self.lock();
        state.n_searching -= 1;
        let call = if sees_more || !state.queue.is_empty() {
            self.choose(&mut state)
        } else {
            Call::Nobody
        };
        self.mirror(&state);
        drop(state);
        Self::make(call);
    }

    /// Lies down to sleep, unless there is work that this worker may do; it is to look at all queues once more then.
    pub(crate) fn lie_down(&self, desk: &Arc<Desk>, was_searching: bool) -> bool {
        let mut state = self.lock();
        if was_searching {
            state.n_searching -= 1;
        }
        let is_surplus = state.n_active > self.settings.max_workers;
        desk.is_free.store(false, Ordering::Release);
        if state.is_shut_down || state.broken.is_some() || (!state.queue.is_empty() && !is_surplus)
        {
            self.mirror(&state);
            return false;
        }
        state.n_active -= 1;
        desk.is_called.store(false, Ordering::Relaxed);
        state.sleepers.push(Arc::clone(desk));
        self.mirror(&state);
        true
    }

    /// Gets up, to search, without having been called; false if a call came first, which then holds.
    pub(crate) fn get_up(&self, desk: &Arc<Desk>) -> bool {
        let mut state = self.lock();
        let Some(place) = state
            .sleepers
            .iter()
            .position(|sleeper| Arc::ptr_eq(sleeper, desk))
        else {
            return false;
        };
        state.sleepers.remove(place);
        state.n_active += 1;
        state.n_searching += 1;
        self.mirror(&state);
        true
    }

    /// Lets this worker go if nothing is left for it; it is to end its thread then.
    pub(crate) fn leave(&self, desk: &Arc<Desk>, was_searching: bool) -> bool {
        let mut state = self.lock();
        let is_surplus = state.n_active > self.settings.max_workers;
        if (!state.queue.is_empty() && !is_surplus) || desk.n_local() > 0 {
            return false;
        }
        if was_searching {
            state.n_searching -= 1;
        }
        state.n_active -= 1;
        state.no_spawn_before = None;
        state.desks.retain(|other| !Arc::ptr_eq(other, desk));
        self.desks_version.fetch_add(1, Ordering::Release);
        desk.tally.add_to(&mut state.past);
        let own = state.handles.remove(&desk.number);
        let earlier = std::mem::replace(&mut state.leavers, own.into_iter().collect());
        self.mirror(&state);
        drop(state);
        for handle in earlier {
            let _ = handle.join();
        }
        true
    }

    /// The worker is about to block, or (`false`) goes on.
    pub(crate) fn block(self: &Arc<Self>, blocks: bool) {
        let mut state = self.lock();
        let call = if blocks {
            state.n_active -= 1;
            let has_work =
                !state.queue.is_empty() || state.desks.iter().any(|desk| desk.n_local() > 0);
            if has_work {
                self.choose(&mut state)
            } else {
                Call::Nobody
            }
        } else {
            state.n_active += 1;
            Call::Nobody
        };
        self.mirror(&state);
        drop(state);
        Self::make(call);
    }

    /// Whether another thread would run what is queued while one more blocks.
    pub(crate) fn has_spare_thread(&self) -> bool {
        let state = self.lock();
        let may_start = state
            .no_spawn_before
            .is_none_or(|then| Instant::now() >= then);
        !state.sleepers.is_empty() || (may_start && state.desks.len() < self.max_threads())
    }

    /// Breaks the pool: what is queued fails, what runs ends normally.
    pub(crate) fn break_down(&self, broken: &BrokenExecutor) {
        let mut state = self.lock();
        state.broken.get_or_insert_with(|| broken.clone());
        let tasks = self.drain(&mut state);
        let n_pending = tasks.iter().filter(|task| task.is_pending()).count() as u64;
        state.past.started += n_pending;
        state.past.failed += n_pending;
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
        let room = std::mem::take(&mut state.room);
        self.mirror(&state);
        drop(state);
        sleepers.iter().for_each(|desk| desk.call());
        for promise in room {
            let _ = promise.set_result(());
        }
    }

    /// Waits until all threads have ended.
    pub(crate) fn join(&self) {
        let _section = BlockedSection::enter();
        let _joining = self
            .joining
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        loop {
            let mut state = self.lock();
            let number = state.handles.keys().next().copied();
            let handle = number
                .and_then(|number| state.handles.remove(&number))
                .or_else(|| state.leavers.pop());
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
