//! The thread of a worker that listens to the parent: requests to stop, and its end.

use std::{io, os::unix::net::UnixStream, process::exit, sync::Arc};

use cf_core::{
    Canceller, Error, Promise,
    sync::{Mutex, lock},
};
use cf_task::Failure;
use rustix::process::{Signal, getpid, kill_process};

use super::EXIT_LOST;
use crate::process::channel::{self, ToWorker};

/// Which frame's call is running, and how it is asked to stop.
#[derive(Default)]
pub(crate) struct Current {
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    frame: u64,
    /// It is to stop, though it has not begun: the request came while it was read.
    asked: Option<u64>,
    /// Made for the first call, and again for the next one after one that was asked to stop.
    mark: Option<Arc<Promise<()>>>,
    canceller: Option<Canceller>,
    is_asked: bool,
}

impl Current {
    /// Runs `f` as a call of this frame: in it `checkpoint` answers to the parent's requests.
    pub(crate) fn run(
        &self,
        frame: u64,
        f: impl FnOnce() -> Result<Result<(), Failure>, Error>,
    ) -> Result<Result<(), Failure>, Error> {
        let mark = self.begin(frame);
        let outcome = mark.run(f);
        let is_asked = self.end();
        match outcome {
            // Nobody asked, so it is an ordinary error.
            Ok(Err(Failure::Cancelled)) if !is_asked => Ok(Err(Failure::of(
                Error::Cancelled.to_string().into(),
                std::any::type_name::<Error>(),
            ))),
            outcome => outcome,
        }
    }

    fn begin(&self, frame: u64) -> Arc<Promise<()>> {
        let mut running = lock(&self.running);
        if running.frame != frame {
            running.frame = frame;
            running.is_asked = running.asked.take() == Some(frame);
        }
        let mark = running.mark.as_ref();
        if let Some(mark) = mark.filter(|mark| mark.is_asked_to_stop() == running.is_asked) {
            return Arc::clone(mark);
        }
        let (promise, future) = Promise::new();
        promise.set_running_or_notify_cancel();
        let canceller = future.canceller();
        if running.is_asked {
            canceller.request_cancel();
        }
        let mark = Arc::new(promise);
        running.canceller = Some(canceller);
        running.mark = Some(Arc::clone(&mark));
        mark
    }

    fn end(&self) -> bool {
        lock(&self.running).is_asked
    }

    fn request_stop(&self, frame: u64) {
        let mut running = lock(&self.running);
        if running.frame != frame {
            running.asked = Some(frame);
            return;
        }
        running.is_asked = true;
        if let Some(canceller) = &running.canceller {
            canceller.request_cancel();
        }
    }
}

/// Ends this process at once: exit handlers may wait for what runs, which nobody stops any more.
fn end() -> ! {
    let _ = kill_process(getpid(), Signal::KILL);
    exit(EXIT_LOST)
}

/// Starts the thread.
pub(crate) fn listen(control: UnixStream, current: Arc<Current>) -> io::Result<()> {
    std::thread::Builder::new()
        .name("worker-control".to_owned())
        .spawn(move || {
            loop {
                match channel::receive(&control) {
                    Ok(ToWorker::Cancel(frame)) => current.request_stop(frame),
                    Ok(ToWorker::Welcome(_)) => {}
                    // The lifeline is cut: whatever runs, nobody waits for it.
                    Err(_) => end(),
                }
            }
        })?;
    Ok(())
}
