//! How the process that ran a call died.

use std::{error::Error as StdError, fmt, sync::Arc};

/// The worker process died while it ran the call; a clone costs one count.
///
/// # Examples
/// ```
/// use cf_core::{WorkerDied, WorkerExit};
///
/// let died = WorkerDied::new(4242, WorkerExit::Signal(11), Some("my_crate::crash".to_owned()), false);
/// assert_eq!(
///     died.to_string(),
///     "worker process 4242 was killed by signal 11 (SIGSEGV) while it ran `my_crate::crash`",
/// );
/// ```
#[derive(Clone, Debug)]
pub struct WorkerDied(Arc<Death>);

#[derive(Debug)]
struct Death {
    pid: u32,
    exit: WorkerExit,
    task: Option<String>,
    oom_likely: bool,
}

/// How a worker process ended.
///
/// # Examples
/// ```
/// use cf_core::{WorkerDied, WorkerExit};
///
/// let died = WorkerDied::new(4242, WorkerExit::Code(3), None, false);
/// assert_eq!(died.to_string(), "worker process 4242 exited with code 3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerExit {
    /// A signal killed it.
    Signal(i32),
    /// It exited with this code.
    Code(i32),
    /// Nobody could tell.
    Unknown,
}

impl WorkerDied {
    /// Makes the error: process `pid` ended with `exit` while it ran `task`; for authors of executors.
    ///
    /// `oom_likely` tells that there are signs of the system having killed it for its memory.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{WorkerDied, WorkerExit};
    ///
    /// let died = WorkerDied::new(4242, WorkerExit::Signal(9), Some("x::y".to_owned()), true);
    /// assert!(died.to_string().ends_with("while it ran `x::y`: probably out of memory, the system or its `memory_limit`"));
    /// ```
    pub fn new(pid: u32, exit: WorkerExit, task: Option<String>, oom_likely: bool) -> Self {
        Self(Arc::new(Death {
            pid,
            exit,
            task,
            oom_likely,
        }))
    }

    /// Gives the id that the process had.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{WorkerDied, WorkerExit};
    ///
    /// assert_eq!(WorkerDied::new(4242, WorkerExit::Unknown, None, false).pid(), 4242);
    /// ```
    pub fn pid(&self) -> u32 {
        self.0.pid
    }

    /// Gives the signal that killed the process; `None` if none did, or if that is not known.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{WorkerDied, WorkerExit};
    ///
    /// assert_eq!(WorkerDied::new(4242, WorkerExit::Signal(11), None, false).signal(), Some(11));
    /// ```
    pub fn signal(&self) -> Option<i32> {
        match self.0.exit {
            WorkerExit::Signal(signal) => Some(signal),
            _ => None,
        }
    }

    /// Gives the code with which the process exited; `None` if it was killed, or if that is not known.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{WorkerDied, WorkerExit};
    ///
    /// assert_eq!(WorkerDied::new(4242, WorkerExit::Code(3), None, false).code(), Some(3));
    /// ```
    pub fn code(&self) -> Option<i32> {
        match self.0.exit {
            WorkerExit::Code(code) => Some(code),
            _ => None,
        }
    }

    /// Gives the name of the task whose call was running; `None` if none was.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{WorkerDied, WorkerExit};
    ///
    /// let died = WorkerDied::new(4242, WorkerExit::Unknown, Some("x::y".to_owned()), false);
    /// assert_eq!(died.task(), Some("x::y"));
    /// ```
    pub fn task(&self) -> Option<&str> {
        self.0.task.as_deref()
    }

    /// Tells whether the system probably killed the process because memory ran out.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{WorkerDied, WorkerExit};
    ///
    /// assert!(WorkerDied::new(4242, WorkerExit::Signal(9), None, true).oom_likely());
    /// ```
    pub fn oom_likely(&self) -> bool {
        self.0.oom_likely
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Display for WorkerDied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "worker process {} ", self.0.pid)?;
        match self.0.exit {
            WorkerExit::Signal(signal) => {
                write!(f, "was killed by signal {signal}")?;
                name_of(signal).map_or(Ok(()), |name| write!(f, " ({name})"))?;
            }
            WorkerExit::Code(code) => write!(f, "exited with code {code}")?,
            WorkerExit::Unknown => f.write_str("died")?,
        }
        if let Some(task) = &self.0.task {
            write!(f, " while it ran `{task}`")?;
        }
        if self.0.oom_likely {
            f.write_str(": probably out of memory, the system or its `memory_limit`")?;
        }
        Ok(())
    }
}

impl StdError for WorkerDied {}

/// The one of these signals whose number differs between Linux and the other Unixes.
const BUS: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
    7
} else {
    10
};

const NAMES: [(i32, &str); 13] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGABRT"),
    (BUS, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
];

fn name_of(signal: i32) -> Option<&'static str> {
    let found = NAMES.iter().find(|(number, _)| *number == signal);
    found.map(|(_, name)| *name)
}
