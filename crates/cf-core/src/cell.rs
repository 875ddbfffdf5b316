//! The one cell behind every promise, task and future: a stage under a lock, and what follows from its moves.

use std::{
    collections::VecDeque,
    mem,
    panic::Location,
    sync::{Arc, Weak},
    task::Poll,
};

use crate::{
    body::{Body, Produces},
    done::Done,
    error::Error,
    hooks::{Callback, Continuation, Hooks, Next, run_chain},
    host::{self, Home, Host},
    node::{self, Node, Watch, Watcher, WatcherId},
    slot::{Lend, Slot},
    stage::Stage,
    state::{Phase, PhaseMirror},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
        lock, thread,
    },
    unwind,
};

/// The shared state of one future.
pub(crate) struct Cell<B: Produces> {
    phase: PhaseMirror,
    asked_to_stop: AtomicBool,
    /// Written under the lock, so that no watcher comes between it and the telling of those that are there.
    abandoned: AtomicBool,
    home: Home,
    /// Where it was submitted or made, for messages.
    place: &'static Location<'static>,
    inner: Mutex<Inner<B>>,
}

struct Inner<B: Produces> {
    stage: Stage<B>,
    hooks: Hooks<B::Output>,
}

impl<B: Body> Cell<B> {
    #[track_caller]
    pub(crate) fn new(body: B, home: Home) -> Self {
        Self {
            phase: PhaseMirror::new(),
            asked_to_stop: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            home,
            place: Location::caller(),
            inner: Mutex::new(Inner {
                stage: Stage::Pending(body),
                hooks: Hooks::Nobody,
            }),
        }
    }

    /// Pending to running: gives the body to whoever is to run it; `None` if it is no longer pending.
    #[must_use]
    pub(crate) fn start(&self) -> Option<B> {
        let mut inner = lock(&self.inner);
        let Stage::Pending(_) = inner.stage else {
            return None;
        };
        self.phase.set(Phase::Running);
        let Stage::Pending(body) = mem::replace(&mut inner.stage, Stage::Running) else {
            unreachable!("looked above")
        };
        Some(body)
    }

    /// Changes the body, as long as it is there.
    pub(crate) fn with_pending(&self, change: impl FnOnce(&mut B)) {
        if let Stage::Pending(body) = &mut lock(&self.inner).stage {
            change(body);
        }
    }

    /// Completes it and runs what follows; gives the outcome back if it was cancelled or complete already.
    pub(crate) fn complete(
        &self,
        outcome: Result<B::Output, Error>,
        host: Option<&dyn Host>,
    ) -> Result<(), Result<B::Output, Error>> {
        let phase = if outcome.is_ok() {
            Phase::Succeeded
        } else {
            Phase::Failed
        };
        self.settle(outcome, phase, host).map(run_chain)
    }

    /// As `complete`, but leaves the next link of a chain to the caller; cancelled where what it comes from was.
    pub(crate) fn complete_link(
        &self,
        outcome: Result<B::Output, Error>,
        is_cancelled: bool,
    ) -> Option<Next> {
        let phase = Phase::of(&outcome, is_cancelled);
        self.settle(outcome, phase, None).unwrap_or_else(|late| {
            unwind::contain("drop of an unwanted outcome", || drop(late));
            None
        })
    }

    /// Ends a running task in a phase that its runner chose.
    pub(crate) fn complete_as(
        &self,
        outcome: Result<B::Output, Error>,
        phase: Phase,
        host: Option<&dyn Host>,
    ) {
        match self.settle(outcome, phase, host) {
            Ok(next) => run_chain(next),
            Err(_) => unreachable!("a running task is completed by its runner only"),
        }
    }

    /// Completes it if that calls no user code: gives the outcome back where callbacks or a continuation wait for it.
    pub(crate) fn complete_unobserved(
        &self,
        outcome: Result<B::Output, Error>,
    ) -> Result<(), Result<B::Output, Error>> {
        let inner = lock(&self.inner);
        let Stage::Running = inner.stage else {
            return Err(outcome);
        };
        if inner.hooks.calls_user_code() {
            return Err(outcome);
        }
        let phase = Phase::of(&outcome, true);
        run_chain(self.publish(inner, outcome, phase, None));
        Ok(())
    }

    /// Ends a running task whose one reader runs it: the outcome is given to it and need not be stored, if nobody else asked.
    pub(crate) fn complete_and_take(
        &self,
        outcome: Result<B::Output, Error>,
        phase: Phase,
    ) -> Result<B::Output, Error> {
        let mut inner = lock(&self.inner);
        if matches!(inner.hooks, Hooks::Nobody) {
            inner.stage = Stage::Taken;
            self.phase.set(phase);
            return outcome;
        }
        drop(inner);
        self.complete_as(outcome, phase, None);
        self.take().unwrap_or(Err(Error::InvalidState))
    }

    fn settle(
        &self,
        outcome: Result<B::Output, Error>,
        phase: Phase,
        host: Option<&dyn Host>,
    ) -> Result<Option<Next>, Result<B::Output, Error>> {
        let mut inner = lock(&self.inner);
        let body = match inner.stage {
            Stage::Pending(_) => mem::replace(&mut inner.stage, Stage::Running),
            Stage::Running => Stage::Running,
            _ => return Err(outcome),
        };
        let next = self.publish(inner, outcome, phase, host);
        if let Stage::Pending(body) = body {
            unwind::contain("drop of a callable", || drop(body));
        }
        Ok(next)
    }

    /// Runs the callbacks one after the other, also those that are added meanwhile, and only then lets the end be seen.
    fn publish<'a>(
        &'a self,
        mut inner: MutexGuard<'a, Inner<B>>,
        outcome: Result<B::Output, Error>,
        phase: Phase,
        host: Option<&dyn Host>,
    ) -> Option<Next> {
        while let Some(callbacks) = inner.hooks.take_callbacks() {
            if !self.phase.get().is_final() {
                self.phase.set(Phase::Settling);
            }
            inner.stage = Stage::lent(&outcome, phase);
            drop(inner);
            let done = Done::new(&outcome, phase == Phase::Cancelled);
            for callback in callbacks {
                unwind::contain("done callback", || callback(&done));
            }
            inner = lock(&self.inner);
        }
        let continuation = inner.hooks.take_continuation();
        // A continuation runs next on this thread, for as long as it likes.
        if let Some(host) = host
            && continuation.is_none()
        {
            host.ready();
        }
        let hooks = mem::take(&mut inner.hooks);
        let is_cancelled = phase == Phase::Cancelled;
        let (stage, next) = match continuation {
            None => (Stage::Done(outcome), None),
            Some(continuation) => (
                Stage::Taken,
                Some(Next(Box::new(move || continuation(outcome, is_cancelled)))),
            ),
        };
        inner.stage = stage;
        self.phase.set(phase);
        drop(inner);
        hooks.notify(phase);
        next
    }

    fn is_lent_to_me(&self) -> bool {
        lock(&self.inner).stage.is_lent_to_me()
    }

    fn watch_unless(&self, has_ended: impl FnOnce() -> bool, watcher: Watcher) -> Watch {
        let mut inner = lock(&self.inner);
        if has_ended() {
            return Watch::Ended;
        }
        let (watch, older) = inner.hooks.watch(watcher);
        drop(inner);
        drop(older);
        watch
    }
}

impl<B: Body> Node for Cell<B> {
    fn phase(&self) -> Phase {
        self.phase.get()
    }

    fn home(&self) -> Home {
        self.home
    }

    fn is_done(&self) -> bool {
        let phase = self.phase.get();
        phase.is_final() || (phase == Phase::Settling && self.is_lent_to_me())
    }

    fn is_cancelled(&self) -> bool {
        match self.phase.get() {
            Phase::Settling => {
                let inner = lock(&self.inner);
                inner.stage.is_lent_to_me() && inner.is_cancelling()
            }
            phase => phase == Phase::Cancelled,
        }
    }

    fn cancel_alone(&self, sources: &mut VecDeque<Arc<dyn Node>>) -> bool {
        let mut inner = lock(&self.inner);
        let Stage::Pending(_) = inner.stage else {
            return self.phase.get() == Phase::Cancelled || inner.is_cancelling();
        };
        let Stage::Pending(body) = mem::replace(&mut inner.stage, Stage::Running) else {
            unreachable!("looked above")
        };
        let next = self.publish(inner, Err(Error::Cancelled), Phase::Cancelled, None);
        host::tell_cancelled(self.home);
        sources.extend(body.sources().iter().filter_map(Weak::upgrade));
        unwind::contain("drop of a callable", || drop(body));
        run_chain(next);
        true
    }

    fn request_cancel_alone(&self, sources: &mut VecDeque<Arc<dyn Node>>) -> bool {
        self.cancel_alone(sources) || {
            let is_first = !self.asked_to_stop.swap(true, Ordering::AcqRel);
            if is_first && !self.is_done() {
                host::tell_asked_to_stop(self.home, node::id(self));
            }
            !self.is_done() || self.phase.get() == Phase::Cancelled
        }
    }

    fn is_asked_to_stop(&self) -> bool {
        self.asked_to_stop.load(Ordering::Acquire)
    }

    fn abandon(&self) -> bool {
        let mut inner = lock(&self.inner);
        let phase = self.phase.get();
        let has_outcome = phase.is_final() && phase != Phase::Cancelled;
        if has_outcome || self.abandoned.swap(true, Ordering::AcqRel) {
            return false;
        }
        let awaiting = inner.hooks.take_awaiting();
        drop(inner);
        awaiting.notify(Phase::Cancelled);
        true
    }

    fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    fn error(&self) -> Option<Error> {
        match &lock(&self.inner).stage {
            Stage::Done(Err(error)) => Some(error.clone()),
            Stage::Lent(loan) => loan.error.clone(),
            // The error itself was handed out.
            Stage::Taken => match self.phase.get() {
                Phase::Failed => Some(Error::InvalidState),
                Phase::Cancelled => Some(Error::Cancelled),
                _ => None,
            },
            _ => None,
        }
    }

    fn watch(&self, watcher: Watcher) -> Watch {
        self.watch_unless(|| self.phase.get().is_final(), watcher)
    }

    fn watch_as_awaited(&self, watcher: Watcher) -> Watch {
        self.watch_unless(
            || self.phase.get().is_final() || self.is_abandoned(),
            watcher,
        )
    }

    fn unwatch(&self, watcher: &WatcherId) {
        let removed = lock(&self.inner).hooks.unwatch(watcher);
        drop(removed);
    }

    fn sources(&self) -> Vec<Arc<dyn Node>> {
        match &lock(&self.inner).stage {
            Stage::Pending(body) => body.sources().iter().filter_map(Weak::upgrade).collect(),
            _ => Vec::new(),
        }
    }

    fn run_queued(self: Arc<Self>, host: &dyn Host) -> bool {
        self.phase.get() == Phase::Pending && self.home == host.home() && B::run(self, host)
    }

    fn name(&self) -> String {
        format!(
            "{} (at {}:{})",
            B::name(),
            self.place.file(),
            self.place.line()
        )
    }
}

impl<B: Body> Inner<B> {
    fn is_cancelling(&self) -> bool {
        matches!(&self.stage, Stage::Lent(loan) if loan.cancelled)
    }
}

impl<B: Body> Slot<B::Output> for Cell<B> {
    fn take(&self) -> Option<Result<B::Output, Error>> {
        let mut inner = lock(&self.inner);
        let Stage::Done(_) = inner.stage else {
            return None;
        };
        let Stage::Done(outcome) = mem::replace(&mut inner.stage, Stage::Taken) else {
            unreachable!("looked above")
        };
        Some(outcome)
    }

    fn take_back(&self) -> Option<Result<B::Output, Error>> {
        // In the stage `Lent` it comes back as soon as who looks at it has seen enough.
        match self.lend() {
            Lend::Outcome(outcome) => {
                self.restore(outcome);
                self.take()
            }
            _ => None,
        }
    }

    fn take_or_watch(
        &self,
        watcher: Watcher,
        sees_giving_up: bool,
    ) -> Poll<Result<B::Output, Error>> {
        let mut inner = lock(&self.inner);
        if sees_giving_up && self.abandoned.load(Ordering::Acquire) {
            return Poll::Ready(Err(Error::Cancelled));
        }
        match &inner.stage {
            Stage::Done(_) => {
                let Stage::Done(outcome) = mem::replace(&mut inner.stage, Stage::Taken) else {
                    unreachable!("looked above")
                };
                Poll::Ready(outcome)
            }
            Stage::Taken => Poll::Ready(Err(Error::InvalidState)),
            Stage::Pending(_) | Stage::Running | Stage::Lent(_) => {
                let (_, older) = inner.hooks.watch(watcher);
                drop(inner);
                drop(older);
                Poll::Pending
            }
        }
    }

    fn run_and_take(
        self: Arc<Self>,
        host: &dyn Host,
    ) -> Result<Result<B::Output, Error>, Arc<dyn Slot<B::Output>>> {
        B::run_and_take(self, host).map_err(|cell| cell as Arc<dyn Slot<B::Output>>)
    }

    fn lend(&self) -> Lend<B::Output> {
        loop {
            let mut inner = lock(&self.inner);
            match &inner.stage {
                Stage::Done(outcome) => {
                    let lent = Stage::lent(outcome, self.phase.get());
                    let Stage::Done(outcome) = mem::replace(&mut inner.stage, lent) else {
                        unreachable!("looked above")
                    };
                    return Lend::Outcome(outcome);
                }
                stage if stage.is_lent_to_me() => return Lend::Recursive,
                Stage::Lent(..) if self.phase.get().is_final() => {
                    let (_, older) = inner.hooks.watch(Watcher::Thread(thread::current()));
                    drop((inner, older));
                    thread::park();
                }
                _ => return Lend::NotDone,
            }
        }
    }

    fn restore(&self, outcome: Result<B::Output, Error>) {
        let next = self.publish(lock(&self.inner), outcome, self.phase.get(), None);
        run_chain(next);
    }

    fn call_when_done(&self, callback: Callback<B::Output>) {
        let mut inner = lock(&self.inner);
        if !self.phase.get().is_final() || inner.stage.is_lent_to_me() {
            inner.hooks.several().callbacks.push(callback);
            return;
        }
        drop(inner);
        let lent = self.lend();
        let handed_out = Err(Error::InvalidState);
        let outcome = match &lent {
            Lend::Outcome(outcome) => outcome,
            _ => &handed_out,
        };
        let done = Done::new(outcome, self.phase.get() == Phase::Cancelled);
        unwind::contain("done callback", || callback(&done));
        if let Lend::Outcome(outcome) = lent {
            self.restore(outcome);
        }
    }

    fn continue_with(&self, continuation: Continuation<B::Output>) -> Option<Next> {
        let mut inner = lock(&self.inner);
        if !self.phase.get().is_final() {
            inner.hooks.several().continuation = Some(continuation);
            return None;
        }
        drop(inner);
        let outcome = self.take().unwrap_or(Err(Error::InvalidState));
        let is_cancelled = self.phase.get() == Phase::Cancelled;
        Some(Next(Box::new(move || continuation(outcome, is_cancelled))))
    }
}
