//! Who searches, who sleeps, who is started and who leaves: the moves of the workers, all made under the pool's lock.

use std::{
    io,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use cf_core::{
    Error, Reason, Task,
    sync::{MutexGuard, thread},
};

use super::{Shared, State};
use crate::{desk::Desk, worker};

/// After the system refused a thread, so long is none asked for while others can do the work.
const SPAWN_PAUSE: Duration = Duration::from_millis(100);

/// Somebody to be called once the lock is released.
#[must_use]
pub(crate) enum Call {
    Nobody,
    Wake(Arc<Desk>),
    /// No thread could be started; these tasks fail, because there is none at all.
    Refused(Vec<Task>, Arc<io::Error>),
}

/// What a worker finds when it asks for its next task.
pub(crate) enum Next {
    Task(Task),
    Nothing,
    /// More threads are active than should be.
    Surplus,
}

impl State {
    fn has_work(&self) -> bool {
        !self.queue.is_empty()
            || self
                .desks
                .iter()
                .any(|desk| desk.with_local(|local| !local.is_empty()))
    }
}

impl Shared {
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
        let waited = |since, n_tasks| desk.tally.waited(since, n_tasks);
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
        // Whoever filled a queue may have called nobody because this worker was on its way: now it passes the call on.
        let call = if self.could_call(&state) {
            self.choose_for_work(&mut state).0
        } else {
            Call::Nobody
        };
        self.mirror(&state);
        drop(state);
        Self::make(call);
        Next::Task(task)
    }

    /// Decides who is to be called for one more task: a sleeper, or a new thread; nobody if somebody is on the way.
    pub(super) fn choose(self: &Arc<Self>, state: &mut State) -> Call {
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
    pub(super) fn make(call: Call) {
        match call {
            Call::Nobody => {}
            Call::Wake(desk) => desk.call(),
            Call::Refused(tasks, error) => {
                tracing::warn!(target: "concurrent_futures", %error, "no worker thread could be started");
                for task in tasks {
                    task.fail(Error::Rejected(Reason::NoThread(Arc::clone(&error))));
                }
            }
        }
    }

    pub(super) fn could_call(&self, state: &State) -> bool {
        state.n_searching == 0
            && state.n_active < self.settings.max_workers
            && (!state.sleepers.is_empty() || state.desks.len() < self.max_threads())
    }

    pub(super) fn max_threads(&self) -> usize {
        self.settings
            .max_workers
            .saturating_add(self.settings.compensate)
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
        if !state.desks.is_empty() {
            // Those that are there will do the work.
            state.no_spawn_before = Instant::now().checked_add(SPAWN_PAUSE);
            return Call::Refused(Vec::new(), Arc::new(error));
        }
        let stranded = state.queue.take_all();
        state.n_unstarted = 0;
        state.count_failed(&stranded);
        Call::Refused(stranded, Arc::new(error))
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

    /// Sees to it that another thread runs what is queued while one more blocks; false if there is none to be had.
    pub(crate) fn can_replace_one(self: &Arc<Self>) -> bool {
        let mut state = self.lock();
        if state.n_active > 1 || !state.sleepers.is_empty() {
            return true;
        }
        let n_threads = state.desks.len();
        let call = if n_threads < self.max_threads() {
            self.start(&mut state)
        } else {
            Call::Nobody
        };
        let has_started = state.desks.len() > n_threads;
        self.mirror(&state);
        drop(state);
        Self::make(call);
        has_started
    }

    /// A searcher found work elsewhere than in the queue; somebody else may have to search for more.
    pub(crate) fn end_search(self: &Arc<Self>) {
        let mut state = self.lock();
        state.n_searching -= 1;
        let call = self.choose(&mut state);
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

    /// Gets up, to search, unless enough others are active, who will see the work that this worker saw.
    pub(crate) fn get_up_for_work(&self, desk: &Arc<Desk>) -> bool {
        let state = self.lock();
        state.n_active < self.settings.max_workers && self.rise(state, desk)
    }

    /// Gets up, to search, without having been called; false if a call came first, which then holds.
    pub(crate) fn get_up(&self, desk: &Arc<Desk>) -> bool {
        self.rise(self.lock(), desk)
    }

    fn rise(&self, mut state: MutexGuard<'_, State>, desk: &Arc<Desk>) -> bool {
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
    pub(crate) fn leave(self: &Arc<Self>, desk: &Arc<Desk>, was_searching: bool) -> bool {
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
        // Whoever filled a queue meanwhile called nobody, because this worker counted as searching.
        let call = if was_searching {
            self.choose_for_work(&mut state).0
        } else {
            Call::Nobody
        };
        self.mirror(&state);
        drop(state);
        Self::make(call);
        for handle in earlier {
            let _ = handle.join();
        }
        true
    }

    /// The worker is about to block; false if something is queued and nobody is left to run it.
    pub(crate) fn block(self: &Arc<Self>) -> bool {
        let mut state = self.lock();
        state.n_active -= 1;
        let (call, has_work) = self.choose_for_work(&mut state);
        let is_left_alone = has_work && state.n_active == 0;
        self.mirror(&state);
        drop(state);
        Self::make(call);
        !is_left_alone
    }

    /// The worker goes on.
    pub(crate) fn unblock(&self) {
        let mut state = self.lock();
        state.n_active += 1;
        self.mirror(&state);
    }

    /// Calls somebody if there is work anywhere and somebody to call; tells whether there is work.
    ///
    /// The mirror comes before the look: whoever fills its own desk after the look sees that it may call, and whoever filled
    /// it before is seen, because the look takes the desk's lock.
    fn choose_for_work(self: &Arc<Self>, state: &mut State) -> (Call, bool) {
        self.mirror(state);
        let has_work = state.has_work();
        (
            if has_work {
                self.choose(state)
            } else {
                Call::Nobody
            },
            has_work,
        )
    }

    /// Calls somebody for what is queued, now that this worker will not look soon.
    pub(crate) fn call_for_work(self: &Arc<Self>) {
        let mut state = self.lock();
        let (call, _) = self.choose_for_work(&mut state);
        self.mirror(&state);
        drop(state);
        Self::make(call);
    }

    /// Brings a worker's list of all desks up to date.
    pub(crate) fn refresh(&self, known: &mut (usize, Vec<Arc<Desk>>)) {
        let version = self.desks_version.load(Ordering::Acquire);
        if known.0 != version {
            *known = (version, self.lock().desks.clone());
        }
    }
}
