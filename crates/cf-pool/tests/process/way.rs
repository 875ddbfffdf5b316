//! The ways in which a worker process dies, and what its future must say then.

use std::{hint::black_box, process};

use cf_core::{Error, WorkerDied};
use cf_pool::task;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, getpid, kill_process, setrlimit, waitid,
};
use serde::{Deserialize, Serialize};

use crate::{door::knock, sys};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    Abort,
    Segfault,
    Exit,
    /// SIGKILL, which nothing can catch.
    Kill,
    StackOverflow,
}

impl Way {
    pub(crate) const ALL: [Self; 5] = [
        Self::Abort,
        Self::Segfault,
        Self::Exit,
        Self::Kill,
        Self::StackOverflow,
    ];

    pub(crate) fn go(self) {
        leave_no_core();
        match self {
            Self::Abort => process::abort(),
            Self::Segfault => sys::segfault(),
            Self::Exit => process::exit(3),
            Self::Kill => kill_process(getpid(), Signal::KILL).unwrap(),
            Self::StackOverflow => {
                black_box(deeper(black_box(1)));
            }
        }
    }

    /// The signal or the code that is told of it.
    pub(crate) fn end(self) -> (Option<i32>, Option<i32>) {
        match self {
            // Rust's handler of an overflow aborts.
            Self::Abort | Self::StackOverflow => (Some(Signal::ABORT.as_raw()), None),
            Self::Segfault => (Some(Signal::SEGV.as_raw()), None),
            Self::Exit => (None, Some(3)),
            Self::Kill => (Some(Signal::KILL.as_raw()), None),
        }
    }

    /// Fails unless the error tells of this end of a worker under this task.
    pub(crate) fn assert_told(self, error: &Error, task: &str) {
        let Error::WorkerDied(died) = error else {
            panic!("{self:?} gives {error:?}")
        };
        assert_eq!((died.signal(), died.code()), self.end(), "{self:?}");
        assert_eq!(died.task(), Some(task), "{self:?}");
        assert!(died.pid() > 1 && died.pid() != process::id(), "{self:?}");
        assert!(!died.oom_likely(), "{self:?}");
    }
}

fn leave_no_core() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).unwrap();
}

fn deeper(n: u64) -> u64 {
    let frame = [n; 512];
    if n == 0 {
        return 0;
    }
    deeper(black_box(n + 1)) + black_box(frame)[7]
}

/// Takes its worker with it.
#[task]
pub(crate) fn die(way: Way) {
    way.go();
}

/// Dies where it is told, else gives the number.
#[task]
pub(crate) fn die_of(fatal: u32, way: Way, n: u32) -> u32 {
    if n == fatal {
        way.go();
    }
    n
}

/// Dies if it is told to when it is let in, else gives its process.
#[task]
pub(crate) fn die_if_told(address: &str) -> u32 {
    if knock(address, 0) == DIE {
        Way::Kill.go();
    }
    process::id()
}

/// What [`die_if_told`] does not survive.
pub(crate) const DIE: u8 = b'd';

/// Signals a worker, which may be gone.
pub(crate) fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    let _ = kill_process(pid, signal);
}

/// Stops a worker; all its threads stand still when this returns.
pub(crate) fn stop(pid: u32) {
    signal(pid, Signal::STOP);
    let worker = WaitId::Pid(Pid::from_raw(pid.try_into().unwrap()).unwrap());
    // Its end is left for the pool to be told.
    waitid(worker, WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT).unwrap();
}

/// How a worker died, if that is how a call failed.
pub(crate) fn died<T: std::fmt::Debug>(outcome: Result<T, Error>) -> WorkerDied {
    match outcome {
        Err(Error::WorkerDied(died)) => died,
        other => panic!("no worker died: {other:?}"),
    }
}
