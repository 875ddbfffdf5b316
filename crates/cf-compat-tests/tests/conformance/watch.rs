//! A gate that tasks wait at until the test opens it, and a watch that ends a test that hangs.

use std::{
    sync::{
        Arc, Condvar, Mutex,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

/// Far beyond what anything here takes on a loaded machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Runs `f` on a thread of its own; fails if it takes longer than [`LONG`].
pub(crate) fn ends(f: impl FnOnce() + Send + 'static) {
    let (tell, told) = mpsc::channel();
    let thread = thread::spawn(move || {
        f();
        let _ = tell.send(());
    });
    if told.recv_timeout(LONG) == Err(RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    if let Err(payload) = thread.join() {
        std::panic::resume_unwind(payload);
    }
}

/// Shut at first; once open it stays open. Dropping a [`Keeper`] opens it.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn new() -> (Self, Keeper) {
        let gate = Self::default();
        (gate.clone(), Keeper(gate))
    }

    pub(crate) fn pass(&self) {
        let (is_open, opened) = &*self.0;
        let waited = opened.wait_timeout_while(is_open.lock().unwrap(), LONG, |is_open| !*is_open);
        assert!(*waited.unwrap().0, "nobody opened the gate");
    }
}

/// Opens its gate when it is dropped, also by a failing test.
pub(crate) struct Keeper(Gate);

impl Drop for Keeper {
    fn drop(&mut self) {
        let (is_open, opened) = &*self.0.0;
        *is_open.lock().unwrap() = true;
        opened.notify_all();
    }
}
