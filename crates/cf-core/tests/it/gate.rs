//! A gate that threads wait at until the test opens it, and a watch that ends a test that hangs.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Condvar, Mutex, mpsc},
    thread,
    time::Duration,
};

use cf_core::Error;

/// Far beyond what anything here takes on a loaded machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Closed at first; once open it stays open. The library knows nothing of waits here.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    pub(crate) fn pass(&self) {
        let is_open = self.0.0.lock().unwrap();
        let (is_open, _) = self
            .0
            .1
            .wait_timeout_while(is_open, LONG, |is_open| !*is_open)
            .unwrap();
        assert!(*is_open, "nobody opened the gate");
    }
}

/// Runs `f` on a thread of its own and gives what it returns; fails if it takes longer than [`LONG`].
pub(crate) fn ends<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || {
        let _ = sender.send(f());
    });
    match receiver.recv_timeout(LONG) {
        Ok(value) => {
            thread.join().unwrap();
            value
        }
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            panic::resume_unwind(thread.join().unwrap_err())
        }
    }
}

/// What a call without a `Result` unwinds with.
pub(crate) fn caught<R>(f: impl FnOnce() -> R) -> Result<R, Error> {
    panic::catch_unwind(AssertUnwindSafe(f)).map_err(|payload| *payload.downcast().unwrap())
}
