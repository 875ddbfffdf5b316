//! Ctrl-C while a loop runs: the first cancels the main task, the second ends the process. As in Python that is so only where
//! the program itself has not said what is to happen.

use std::{
    future::{Future, pending, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use cf_core::unwind;

/// Whether the next interrupt ends the process, as it does where nobody listens.
static ENDS_PROCESS: OnceLock<Option<Arc<AtomicBool>>> = OnceLock::new();

/// The wait for an interrupt.
pub(crate) type Interrupted = Pin<Box<dyn Future<Output = ()>>>;

/// While it lives, the first interrupt is left to the loop.
pub(crate) struct Listening {
    ends_process: Option<Arc<AtomicBool>>,
}

impl Listening {
    /// Listens on the main thread, as Python does; elsewhere, or where no handler can be set, nothing changes.
    pub(crate) fn start() -> Self {
        let is_main = std::thread::current().name() == Some("main");
        let ends_process = is_main
            .then(|| ENDS_PROCESS.get_or_init(install).clone())
            .flatten();
        if let Some(ends_process) = &ends_process {
            ends_process.store(false, Ordering::SeqCst);
        }
        Self { ends_process }
    }

    /// Done at the first interrupt; to be awaited in the loop. Without the loop's driver there is none.
    pub(crate) fn interrupted(&self) -> Interrupted {
        if self.ends_process.is_none() {
            return Box::pin(pending());
        }
        Box::pin(async {
            let mut signal = pin!(tokio::signal::ctrl_c());
            let told = poll_fn(|context| {
                unwind::catch(|| signal.as_mut().poll(context))
                    .map_or_else(|_| Poll::Ready(false), |told| told.map(|told| told.is_ok()))
            });
            if !told.await {
                pending::<()>().await;
            }
        })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(ends_process) = &self.ends_process {
            ends_process.store(true, Ordering::SeqCst);
        }
    }
}

/// Sets the handlers: they stay, and do as the system would while no loop listens.
#[cfg(unix)]
fn install() -> Option<Arc<AtomicBool>> {
    use signal_hook::{consts::SIGINT, flag};

    if is_handled_by_program() {
        return None;
    }
    let ends_process = Arc::new(AtomicBool::new(true));
    // In this order: the second interrupt finds what the first one left.
    flag::register_conditional_default(SIGINT, Arc::clone(&ends_process)).ok()?;
    flag::register(SIGINT, Arc::clone(&ends_process)).ok()?;
    Some(ends_process)
}

/// Whether the program handles or ignores interrupts, where the system tells.
#[cfg(unix)]
fn is_handled_by_program() -> bool {
    /// The bit of SIGINT, signal 2.
    const INTERRUPT: u64 = 1 << 1;

    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .filter_map(|line| {
            line.strip_prefix("SigCgt:")
                .or_else(|| line.strip_prefix("SigIgn:"))
        })
        .filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .any(|mask| mask & INTERRUPT != 0)
}

/// Elsewhere tokio's own handler does; a second interrupt is one more request there.
#[cfg(not(unix))]
fn install() -> Option<Arc<AtomicBool>> {
    Some(Arc::new(AtomicBool::new(true)))
}
