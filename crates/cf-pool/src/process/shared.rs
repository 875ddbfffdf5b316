//! What the handles and the keepers of a process pool share: the queue, and which worker has how much to do.

mod dispatch;
mod inside;
mod lives;
mod lookout;
mod state;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64},
    },
    time::{Duration, Instant},
};

use cf_core::{
    BlockedSection, BrokenExecutor, Error, Future, Reason,
    host::{self, Home, Landlord, Lookout},
    sync::{Mutex, MutexGuard, lock},
};
use rustix::process::{Pid, Signal};

pub(crate) use self::{dispatch::Order, inside::Inside};
use self::{
    lookout::Links,
    state::{Queued, Slot, State},
};
use crate::{
    process::{builder::Settings, job::Job, output::Output, tallies::Tallies},
    room::{Bound, Room, Told},
};

pub(crate) struct Pool {
    pub(crate) settings: Settings,
    pub(crate) home: Home,
    this: Weak<Self>,
    pub(crate) tallies: Tallies,
    pub(crate) output: Output,
    pub(crate) n_restarts: AtomicU64,
    state: Mutex<State>,
    /// A worker had nothing to do and found nothing to take over, though something was on its way to a busy one.
    is_hungry: AtomicBool,
    /// The living workers, for those who wait; made anew with each change.
    links: Mutex<Arc<Links>>,
    /// Held while threads are joined, so that every `shutdown` returns after the last of them.
    joining: Mutex<()>,
}

impl Pool {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        let slots = (0..settings.max_workers).map(|_| Slot::default()).collect();
        let pool = Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            home: Home::unique_with_lookout(),
            tallies: Tallies::new(),
            output: Output::default(),
            n_restarts: AtomicU64::new(0),
            state: Mutex::new(State {
                queue: VecDeque::new(),
                slots,
                room: Room::default(),
                keepers: Vec::new(),
                n_submitted: 0,
                n_start_failures: 0,
                broken: None,
                is_shut_down: false,
                forced: None,
            }),
            is_hungry: AtomicBool::new(false),
            links: Mutex::new(Arc::default()),
            joining: Mutex::new(()),
            settings,
        });
        let landlord: Arc<dyn Landlord> = Arc::clone(&pool) as Arc<dyn Landlord>;
        host::register(pool.home, &landlord);
        pool
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Whether a submission would be refused now, and why.
    fn refusal(&self, state: &State, bound: Bound) -> Option<Reason> {
        if let Some(broken) = &state.broken {
            return Some(Reason::Broken(broken.clone()));
        }
        if state.is_shut_down {
            return Some(Reason::Shutdown);
        }
        let capacity = self.settings.queue_capacity?;
        (bound == Bound::Respect && state.n_waiting() >= capacity).then_some(Reason::Full)
    }

    pub(crate) fn check(&self, bound: Bound) -> Result<(), Reason> {
        self.refusal(&self.lock(), bound).map_or(Ok(()), Err)
    }

    /// Takes a job: sends it to a worker that is free, or queues it; gives it back if it is refused.
    pub(crate) fn push(
        self: &Arc<Self>,
        job: Box<dyn Job>,
        bound: Bound,
    ) -> Result<(), (Box<dyn Job>, Reason)> {
        let mut state = self.lock();
        if let Some(reason) = self.refusal(&state, bound) {
            return Err((job, reason));
        }
        state.n_submitted += 1;
        if state.queue.is_empty()
            && let Some(link) = self.reserve(&state)
        {
            drop(state);
            self.tallies.queue_wait(Duration::ZERO);
            self.hand_over(&link, job);
            return Ok(());
        }
        state.queue.push_back(Queued {
            job,
            since: Some(Instant::now()),
        });
        let idle = state.idle_links(1);
        if !idle.is_empty() {
            // It is called already, but for the others' sake it would take one after the other.
            drop(state);
            idle.iter().for_each(|link| link.wake_keeper());
            return Ok(());
        }
        let started = self.start_keeper(&mut state);
        if let Err(error) = started
            && state.is_deserted()
        {
            // Nobody would ever run it.
            let queued = state.queue.pop_back();
            state.n_submitted -= 1;
            drop(state);
            if let Some(queued) = queued {
                return Err((queued.job, Reason::NoThread(Arc::new(error))));
            }
        }
        Ok(())
    }

    pub(crate) fn broken(&self) -> Option<BrokenExecutor> {
        self.lock().broken.clone()
    }

    /// Fails a job that was refused.
    pub(crate) fn fail(&self, job: Box<dyn Job>, error: Error) {
        // If it was cancelled meanwhile, it has its answer.
        if job.start() {
            self.tallies.fail(job, error);
        }
    }

    /// Whether workers are to be killed at once.
    pub(crate) fn is_killing(&self) -> bool {
        let state = self.lock();
        state.broken.is_some() || state.forced == Some(Signal::KILL)
    }

    pub(crate) fn is_forced(&self) -> bool {
        self.lock().forced.is_some()
    }

    /// Breaks the pool: what is not done fails, and the workers are killed.
    pub(crate) fn break_down(&self, broken: &BrokenExecutor) {
        let mut state = self.lock();
        let broken = state.broken.get_or_insert_with(|| broken.clone()).clone();
        state.signal_all(Signal::KILL);
        let queue = std::mem::take(&mut state.queue);
        self.tell_all(state);
        for queued in queue {
            if queued.job.start() {
                let error = Error::BrokenExecutor(broken.clone());
                self.tallies.fail(queued.job, error);
            }
        }
    }

    /// Takes no more work; with `cancel_futures` also cancels what has not started.
    pub(crate) fn shut_down(&self, cancel_futures: bool) {
        let mut state = self.lock();
        state.is_shut_down = true;
        let queue = if cancel_futures {
            std::mem::take(&mut state.queue)
        } else {
            VecDeque::new()
        };
        if state.unwanted().is_some() {
            // Nobody needs those any more that are just starting.
            state.kill_starting();
        }
        self.tell_all(state);
        self.cancel_all(queue);
    }

    /// Takes no more work, cancels what has not started and sends `signal` to all workers.
    pub(crate) fn force(&self, signal: Signal) {
        let mut state = self.lock();
        if state.broken.is_some() {
            return;
        }
        state.is_shut_down = true;
        state.forced = Some(signal);
        state.signal_all(signal);
        let queue = std::mem::take(&mut state.queue);
        self.tell_all(state);
        self.cancel_all(queue);
    }

    fn cancel_all(&self, queue: VecDeque<Queued>) {
        for Queued { job, .. } in queue {
            if job.start() {
                self.tallies.cancel(job);
            }
        }
    }

    /// Has all keepers, and all who wait for room, see what has changed.
    fn tell_all(&self, mut state: MutexGuard<'_, State>) {
        let told = state.room.close();
        let links: Vec<_> = state.ready().map(|(_, link)| Arc::clone(link)).collect();
        // Some of them may pause.
        state
            .keepers
            .iter()
            .for_each(|keeper| keeper.thread().unpark());
        drop(state);
        links.iter().for_each(|link| link.wake_keeper());
        told.tell();
    }

    /// Waits until all workers and threads have ended.
    pub(crate) fn join(&self) {
        let _section = BlockedSection::enter();
        let _joining = lock(&self.joining);
        loop {
            let keeper = self.lock().keepers.pop();
            let Some(keeper) = keeper else { break };
            let _ = keeper.join();
        }
        self.output.join();
        self.tallies.callbacks.join();
    }

    /// Whether this thread may wait for the pool's end: it is none that others wait for.
    pub(crate) fn may_wait(&self) -> bool {
        !Inside::is_here() && !self.tallies.callbacks.is_own_thread()
    }

    /// Whether there is a thread whose end nobody has waited for.
    pub(crate) fn has_unjoined(&self) -> bool {
        !self.lock().keepers.is_empty()
    }

    /// A future that is done when there is room; `None` if there is, or if waiting for it is in vain.
    pub(crate) fn room(&self) -> Option<Future<()>> {
        let mut state = self.lock();
        if !matches!(self.refusal(&state, Bound::Respect), Some(Reason::Full)) {
            return None;
        }
        let (room, abandoned) = state.room.ask();
        drop(state);
        drop(abandoned);
        Some(room)
    }

    /// Something has left the queue: those who wait for room are to be told, after the lock.
    fn makes_room(&self, state: &mut State) -> Told {
        let capacity = self.settings.queue_capacity;
        capacity.map_or_else(Told::default, |capacity| {
            let n_waiting = state.n_waiting();
            state.room.made(capacity, n_waiting)
        })
    }

    /// The numbers for a snapshot: waiting, running, idle; and the processes.
    pub(crate) fn snapshot(&self) -> (usize, usize, usize, Vec<Pid>) {
        let state = self.lock();
        let loads: Vec<_> = state.ready().map(|(_, link)| link.load()).collect();
        let n_ahead: usize = loads.iter().map(|load| load.saturating_sub(1)).sum();
        let n_busy = loads.iter().filter(|load| **load > 0).count();
        let pids = state.slots.iter().filter_map(|slot| slot.pid).collect();
        (
            state.n_waiting() + n_ahead,
            n_busy,
            loads.len() - n_busy,
            pids,
        )
    }
}

impl Landlord for Pool {
    fn cancelled_in_queue(&self) {
        self.tallies.cancelled_in_queue();
        let mut state = self.lock();
        if state.unwanted().is_some() {
            state.kill_starting();
        }
        let told = self.makes_room(&mut state);
        drop(state);
        told.tell();
    }

    fn asked_to_stop(&self, task: usize) {
        let links = Arc::clone(&*lock(&self.links));
        if links.links.iter().any(|link| link.request_stop(task)) {
            return;
        }
        // It came back from a worker that had not begun with it.
        let mut state = self.lock();
        let place = state
            .queue
            .iter()
            .position(|queued| queued.job.id() == task);
        let queued = place.and_then(|index| state.queue.remove(index));
        if state.unwanted().is_some() {
            state.kill_starting();
        }
        let told = self.makes_room(&mut state);
        drop(state);
        told.tell();
        if let Some(queued) = queued {
            self.tallies.cancel(queued.job);
        }
    }

    fn lookout(&self) -> Option<Arc<dyn Lookout>> {
        let links = Arc::clone(&*lock(&self.links));
        Some(links)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        host::unregister(self.home);
    }
}
