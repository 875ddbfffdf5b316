//! What the handles and the keepers of a process pool share: the queue, and which worker has how much to do.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use cf_core::{
    BlockedSection, BrokenExecutor, Error, Future, Reason,
    host::{self, Home, Landlord, Lookout},
    sync::{Mutex, MutexGuard, lock},
};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::{
    process::{
        builder::Settings,
        job::Job,
        keeper,
        link::{Link, Outcome},
        output::Output,
        ring::Patience,
        tallies::Tallies,
    },
    room::{Bound, Room},
};

/// So many workers in a row that die at start break the pool.
const MAX_START_FAILURES: u32 = 5;

pub(crate) struct Pool {
    pub(crate) settings: Settings,
    pub(crate) home: Home,
    this: Weak<Self>,
    pub(crate) tallies: Tallies,
    pub(crate) output: Output,
    pub(crate) n_restarts: AtomicU64,
    state: Mutex<State>,
    /// The living workers, for those who wait; made anew with each change.
    links: Mutex<Arc<Links>>,
    /// Held while threads are joined, so that every `shutdown` returns after the last of them.
    joining: Mutex<()>,
}

struct State {
    queue: VecDeque<Queued>,
    slots: Vec<Slot>,
    room: Room,
    keepers: Vec<JoinHandle<()>>,
    n_submitted: u64,
    n_start_failures: u32,
    broken: Option<BrokenExecutor>,
    is_shut_down: bool,
    /// By `kill_workers` or `terminate_workers`: nothing is run again.
    forced: Option<Signal>,
}

struct Queued {
    job: Box<dyn Job>,
    /// When it was submitted; `None` once it was sent.
    since: Option<Instant>,
}

/// The place of one worker.
#[derive(Default)]
struct Slot {
    life: Life,
    /// The process, from its start until it is about to be waited for.
    pid: Option<Pid>,
    has_lived: bool,
}

#[derive(Default)]
enum Life {
    /// No process and no keeper.
    #[default]
    Empty,
    Starting,
    Ready(Arc<Link>),
    /// It takes no more work.
    Leaving,
}

impl Slot {
    fn link(&self) -> Option<&Arc<Link>> {
        match &self.life {
            Life::Ready(link) => Some(link),
            _ => None,
        }
    }
}

/// What a keeper is to do now.
pub(crate) enum Order {
    /// Send these, in order.
    Send(Vec<Box<dyn Job>>),
    /// What another worker has not begun with is in the queue by now.
    LookAgain,
    Sleep,
    /// The worker is not needed any more, or has done its share.
    Leave,
    /// The pool is broken.
    Kill,
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

    /// Chooses a worker with room: an idle one, or else one that is through with its work soon.
    fn reserve(&self, state: &State) -> Option<Arc<Link>> {
        let limit = self.settings.max_tasks_per_child;
        // Rather than to wait behind another call, it has a worker started.
        let can_start = state.n_starting() == 0 && state.slots.iter().any(Slot::is_empty);
        let with_room = state.ready().filter(|(_, link)| {
            let depth = if can_start { 1 } else { link.depth() };
            link.load() < depth && link.n_left(limit) > 0
        });
        let (_, link) = with_room.min_by_key(|(_, link)| link.load())?;
        link.take();
        Some(Arc::clone(link))
    }

    /// Sends a job to a worker where a place was reserved for it, or gives it to the worker's keeper.
    fn hand_over(&self, link: &Link, job: Box<dyn Job>) {
        if !self.send(link, vec![job], None) {
            // It has more time, or it finds out what has become of the worker.
            link.wake_keeper();
        }
    }

    /// Sends jobs for which places were reserved, in order; false if some are back in the queue.
    pub(crate) fn send(
        &self,
        link: &Link,
        jobs: Vec<Box<dyn Job>>,
        mut patience: Option<&mut dyn Patience>,
    ) -> bool {
        let mut jobs = jobs.into_iter();
        while let Some(job) = jobs.next() {
            let patience = patience
                .as_mut()
                .map(|patience| &mut **patience as &mut dyn Patience);
            let unsent = match link.send(job, patience) {
                Outcome::Sent => continue,
                Outcome::Settled(job) => {
                    self.tallies.finish(job);
                    None
                }
                Outcome::Cancelled => None,
                Outcome::NoRoom(job) | Outcome::Closed(job) => Some(job),
            };
            let mut state = self.lock();
            link.put_back(1);
            if let Some(job) = unsent {
                let rest: Vec<_> = jobs.collect();
                link.put_back(rest.len());
                state.requeue([job].into_iter().chain(rest).collect());
                let idle = state.idle_link();
                drop(state);
                if let Some(idle) = idle {
                    idle.wake_keeper();
                }
                return false;
            }
        }
        true
    }

    /// Takes jobs out of the queue for which there are places at a worker.
    pub(crate) fn take_jobs(&self, link: &Link) -> Vec<Box<dyn Job>> {
        let mut state = self.lock();
        if state.queue.is_empty() || state.broken.is_some() || state.forced.is_some() {
            return Vec::new();
        }
        let limit = self.settings.max_tasks_per_child;
        // As much as the others get, so that all end at the same time.
        let share = state.queue.len().div_ceil(state.ready().count().max(1));
        let n_places = link.depth().saturating_sub(link.load());
        let n = n_places.min(link.n_left(limit)).min(share);
        let taken: Vec<_> = state.queue.drain(..n).collect();
        taken.iter().for_each(|_| link.take());
        let told = self.settings.queue_capacity.map(|capacity| {
            let n_waiting = state.n_waiting();
            state.room.made(capacity, n_waiting)
        });
        drop(state);
        if let Some(told) = told {
            told.tell();
        }
        taken
            .into_iter()
            .map(|queued| self.leaves_queue(queued))
            .collect()
    }

    /// Tells a keeper what its worker is to do.
    pub(crate) fn order(&self, index: usize, link: &Arc<Link>) -> Order {
        let jobs = self.take_jobs(link);
        if !jobs.is_empty() {
            return Order::Send(jobs);
        }
        let mut state = self.lock();
        if state.broken.is_some() || state.forced == Some(Signal::KILL) {
            return Order::Kill;
        }
        if link.load() > 0 {
            return Order::Sleep;
        }
        let is_spent = link.n_left(self.settings.max_tasks_per_child) == 0;
        if is_spent || (state.is_shut_down && state.queue.is_empty()) {
            state.slots[index].life = Life::Leaving;
            self.relink(&state);
            return Order::Leave;
        }
        if !state.queue.is_empty() {
            return Order::LookAgain;
        }
        let victim = state
            .ready()
            .map(|(_, link)| link)
            .filter(|link| link.load() > 1)
            .max_by_key(|link| link.load())
            .cloned();
        drop(state);
        match victim {
            Some(victim) if self.recall(&victim) => Order::LookAgain,
            _ => Order::Sleep,
        }
    }

    /// Puts back into the queue what a worker has not begun with; true if there was something.
    pub(crate) fn recall(&self, link: &Link) -> bool {
        let recalled = link.recall();
        let n = recalled.len();
        let (stopped, rest) = recalled.into_iter().partition(|job| job.is_asked_to_stop());
        let mut state = self.lock();
        link.put_back(n);
        state.requeue(rest);
        drop(state);
        Vec::into_iter(stopped).for_each(|job| self.tallies.cancel(job));
        n > 0
    }

    /// A waiting thread took answers of a worker: it sends the next calls as well, and leaves all else to the keeper.
    fn has_answered(&self, link: &Link) {
        let jobs = self.take_jobs(link);
        if !jobs.is_empty() {
            self.send(link, jobs, None);
        }
        if link.load() == 0 {
            let state = self.lock();
            let needs_keeper = state.is_shut_down
                || link.n_left(self.settings.max_tasks_per_child) == 0
                || !state.queue.is_empty()
                || state.ready().any(|(_, link)| link.load() > 1);
            drop(state);
            if needs_keeper {
                link.wake_keeper();
            }
        }
    }

    fn leaves_queue(&self, queued: Queued) -> Box<dyn Job> {
        if let Some(since) = queued.since {
            self.tallies.queue_wait(since.elapsed());
        }
        queued.job
    }

    /// Starts a keeper if one more worker is wanted.
    fn start_keeper(self: &Arc<Self>, state: &mut State) -> std::io::Result<()> {
        if state.n_starting() >= state.queue.len() {
            return Ok(());
        }
        let Some(index) = state.slots.iter().position(Slot::is_empty) else {
            return Ok(());
        };
        let pool = Arc::clone(self);
        let keeper = std::thread::Builder::new()
            .name(format!("process-pool-keeper_{index}"))
            .spawn(move || keeper::run(&pool, index))?;
        state.slots[index].life = Life::Starting;
        state.keepers.retain(|keeper| !keeper.is_finished());
        state.keepers.push(keeper);
        Ok(())
    }

    /// The process of this slot has been started, or `None` is about to be waited for.
    pub(crate) fn set_pid(&self, index: usize, pid: Option<Pid>) {
        let mut state = self.lock();
        state.slots[index].pid = pid;
        // It came too late to be told.
        if let (Some(signal), Some(pid)) = (state.forced, pid) {
            let _ = kill_process_group(pid, signal);
        }
    }

    /// The worker of this slot is ready for work.
    pub(crate) fn open(&self, index: usize, link: &Arc<Link>) {
        let mut state = self.lock();
        state.n_start_failures = 0;
        let slot = &mut state.slots[index];
        if std::mem::replace(&mut slot.has_lived, true) {
            self.n_restarts.fetch_add(1, Ordering::Relaxed);
        }
        slot.life = Life::Ready(Arc::clone(link));
        self.relink(&state);
    }

    /// A worker died before it was ready.
    pub(crate) fn start_failed(&self, cause: Error) {
        let mut state = self.lock();
        state.n_start_failures += 1;
        if state.n_start_failures >= MAX_START_FAILURES {
            drop(state);
            self.break_down(&BrokenExecutor::new(
                "worker processes die at start, five in a row",
                Some(cause),
            ));
        } else {
            tracing::warn!(target: "concurrent_futures", "a worker process died at start: {cause}");
        }
    }

    /// The worker of this slot is gone; these jobs, which it had not begun with, are run elsewhere.
    pub(crate) fn close(&self, index: usize, unbegun: Vec<Box<dyn Job>>) {
        let mut state = self.lock();
        state.slots[index].life = Life::Starting;
        self.relink(&state);
        if state.forced.is_some() || state.broken.is_some() {
            let broken = state.broken.clone();
            drop(state);
            for job in unbegun {
                match &broken {
                    Some(broken) => self
                        .tallies
                        .fail(job, Error::BrokenExecutor(broken.clone())),
                    None => self.tallies.cancel(job),
                }
            }
            return;
        }
        state.requeue(unbegun);
        let idle = state.idle_link();
        drop(state);
        if let Some(idle) = idle {
            idle.wake_keeper();
        }
    }

    /// Whether the keeper of this slot is to start another process; if not, it leaves.
    pub(crate) fn is_wanted(&self, index: usize) -> bool {
        let mut state = self.lock();
        let is_wanted = !state.queue.is_empty() && state.broken.is_none() && state.forced.is_none();
        state.slots[index].life = if is_wanted {
            Life::Starting
        } else {
            Life::Empty
        };
        is_wanted
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
        let pids: Vec<_> = state.slots.iter().filter_map(|slot| slot.pid).collect();
        state.forced = Some(signal);
        for pid in pids {
            // While it is here, it was not waited for, and its number is not given to another.
            let _ = kill_process_group(pid, signal);
        }
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

    fn relink(&self, state: &State) {
        *lock(&self.links) = Arc::new(Links {
            pool: self.this.clone(),
            links: state.ready().map(|(_, link)| Arc::clone(link)).collect(),
        });
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

impl Slot {
    fn is_empty(&self) -> bool {
        matches!(self.life, Life::Empty)
    }
}

impl State {
    /// The workers that take work.
    fn ready(&self) -> impl Iterator<Item = (usize, &Arc<Link>)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(index, slot)| Some((index, slot.link()?)))
    }

    fn n_starting(&self) -> usize {
        let starting = self
            .slots
            .iter()
            .filter(|slot| matches!(slot.life, Life::Starting));
        starting.count()
    }

    /// Jobs that wait for a worker; those that were cancelled do not.
    fn n_waiting(&self) -> usize {
        self.queue
            .iter()
            .filter(|queued| queued.job.is_pending())
            .count()
    }

    fn idle_link(&self) -> Option<Arc<Link>> {
        let idle = self.ready().find(|(_, link)| link.load() == 0);
        idle.map(|(_, link)| Arc::clone(link))
    }

    /// Puts jobs that were taken back to where they were.
    fn requeue(&mut self, jobs: Vec<Box<dyn Job>>) {
        for job in jobs.into_iter().rev() {
            self.queue.push_front(Queued { job, since: None });
        }
    }

    /// Whether there is neither a worker nor one that is coming.
    fn is_deserted(&self) -> bool {
        self.slots.iter().all(Slot::is_empty)
    }
}

impl Landlord for Pool {
    fn cancelled_in_queue(&self) {
        self.tallies.cancelled_in_queue();
        if let Some(capacity) = self.settings.queue_capacity {
            let mut state = self.lock();
            let n_waiting = state.n_waiting();
            let told = state.room.made(capacity, n_waiting);
            drop(state);
            told.tell();
        }
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
        drop(state);
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

/// The living workers, as a thread that waits for one of their results looks at them.
#[derive(Default)]
struct Links {
    pool: Weak<Pool>,
    links: Vec<Arc<Link>>,
}

impl Lookout for Links {
    fn begin(&self) {
        self.links.iter().for_each(|link| link.looker_comes());
    }

    fn look(&self) {
        for link in &self.links {
            if !link.has_results() {
                continue;
            }
            let Some(pool) = self.pool.upgrade() else {
                return;
            };
            match link.pump(None, &pool.tallies) {
                Ok(0) => {}
                Ok(_) => pool.has_answered(link),
                // Its keeper will see the same.
                Err(_) => link.wake_keeper(),
            }
        }
    }

    fn end(&self) {
        self.links.iter().for_each(|link| link.looker_goes());
    }
}
