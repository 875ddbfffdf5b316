//! The orphans of a command: this process adopts them, and waits until there are none.

use std::{
    fs,
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use rustix::{
    io::Errno,
    process::{WaitOptions, getpid, set_child_subreaper, wait},
};

/// So long an orphan may take to notice that it is one and to finish what it is at.
const PATIENCE: Duration = Duration::from_secs(60);

/// There is one a process: who waits for any child waits for those of all tests.
static ONE: Mutex<()> = Mutex::new(());

/// This process as the one that all orphans among its descendants are handed to.
pub(crate) struct Family {
    _guard: MutexGuard<'static, ()>,
}

impl Family {
    pub(crate) fn adopt() -> Self {
        let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        set_child_subreaper(Some(getpid())).unwrap();
        Self { _guard: guard }
    }

    /// Waits until this process has no children, own or adopted; gives how many there were.
    pub(crate) fn bury_all(&self) -> usize {
        let (sender, buried) = mpsc::channel();
        thread::spawn(move || {
            loop {
                match wait(WaitOptions::empty()) {
                    Ok(_) => sender.send(()).unwrap(),
                    Err(Errno::CHILD) => return,
                    Err(Errno::INTR) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
        for n in 0.. {
            match buried.recv_timeout(PATIENCE) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => return n,
                Err(RecvTimeoutError::Timeout) => panic!("orphans stay: {}", children().concat()),
            }
        }
        unreachable!("an endless number of children")
    }
}

/// The children of this process, own and adopted, with what they do.
fn children() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let pids = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
    let pids: Vec<_> = pids.collect();
    let pids = pids.iter().flat_map(|pids| pids.split_whitespace());
    pids.filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/status")).ok())
        .collect()
}
