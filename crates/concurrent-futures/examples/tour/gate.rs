//! A gate that holds tasks until the tour opens it: events are ordered by gates, never by sleeping.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Makes a closed gate and the key that opens it.
pub(crate) fn closed() -> (Key, Gate) {
    let shared = Arc::new(Shared::default());
    (Key(Arc::clone(&shared)), Gate(shared))
}

/// Opens its gate; a dropped key leaves the gate open, so that a failed step cannot leave tasks behind.
pub(crate) struct Key(Arc<Shared>);

/// Where tasks wait for the key.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    open: bool,
    n_arrived: usize,
}

impl Key {
    /// Lets every task pass, those that come later too.
    pub(crate) fn open(&self) {
        self.0.lock().open = true;
        self.0.changed.notify_all();
    }

    /// Waits until `n` tasks have come to the gate, which means that they are running.
    pub(crate) fn await_arrivals(&self, n: usize) {
        let state = self.0.lock();
        drop(
            self.0
                .changed
                .wait_while(state, |state| state.n_arrived < n),
        );
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.open();
    }
}

impl Gate {
    /// Waits until the gate is open.
    pub(crate) fn pass(&self) {
        let mut state = self.0.lock();
        state.n_arrived += 1;
        self.0.changed.notify_all();
        drop(self.0.changed.wait_while(state, |state| !state.open));
    }

    /// Gives a task that waits at the gate and then returns `value`.
    pub(crate) fn hold<T: Send>(&self, value: T) -> impl FnOnce() -> T + Send + use<T> {
        let gate = self.clone();
        move || {
            gate.pass();
            value
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
