//! Starting a worker process: this executable once more, with a socket for its standard input.

use std::{
    fs::File,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{
            net::UnixStream,
            process::{CommandExt, ExitStatusExt},
        },
    },
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use cf_core::{Error, WorkerDied, WorkerExit};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::process::{
    channel::{self, ToParent, ToWorker, VERSION, Welcome},
    entry,
    link::Link,
    ring::{Direction, Ring},
    shared::Pool,
    sys::memory::Mapping,
};

/// What says to a process that it is a worker, and whose.
pub(crate) const VARIABLE: &str = "CF_POOL_WORKER";
/// Of each direction: large enough to copy on both sides at the same time, small enough to stay in the caches.
pub(crate) const RING_BYTES: usize = 4 << 20;

/// A worker that is ready for work.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) pid: Pid,
    /// Its name at the output.
    pub(crate) number: u64,
    pub(crate) link: Arc<Link>,
    pub(crate) control: UnixStream,
    /// A byte has the keeper look around.
    pub(crate) woken: UnixStream,
    /// Readable when the process has ended.
    #[cfg(target_os = "linux")]
    pub(crate) pidfd: Option<OwnedFd>,
}

/// Why there is no worker.
pub(crate) enum StartError {
    /// It died, or never came to life.
    Died(Error),
    /// Its initializer failed: there is no use in trying again.
    Initializer(Error),
    /// The system has no process, descriptors or memory for it now.
    System(Error),
}

impl StartError {
    pub(crate) fn into_cause(self) -> Error {
        match self {
            Self::Died(cause) | Self::Initializer(cause) | Self::System(cause) => cause,
        }
    }
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self::System(Error::from_box(Box::new(error)))
    }
}

/// Starts a worker and waits until it is ready.
pub(crate) fn start(pool: &Pool, index: usize) -> Result<Process, StartError> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let (control, theirs) = UnixStream::pair()?;
    let (waker, woken) = UnixStream::pair()?;
    woken.set_nonblocking(true)?;
    let mut child = command()
        .env(VARIABLE, std::process::id().to_string())
        .process_group(0)
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let pid = Pid::from_child(&child);
    pool.set_pid(index, Some(pid));
    let outputs = Outputs {
        printed: child.stdout.take().map(OwnedFd::from),
        errors: child.stderr.take().map(OwnedFd::from),
        number,
    };
    let (mapping, bell) = match welcome(pool, &control, outputs) {
        Ok(greeted) => greeted,
        Err(refusal) => {
            pool.set_pid(index, None);
            signal(pid, Signal::KILL);
            let status = child.wait();
            let last_words = pool.output.end(number);
            return Err(refusal.into_error(child.id(), status.ok(), &last_words));
        }
    };
    let ring = |direction| Ring::new(Arc::clone(&mapping), direction, RING_BYTES);
    let rings = (ring(Direction::Requests), ring(Direction::Results));
    Ok(Process {
        #[cfg(target_os = "linux")]
        pidfd: rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok(),
        link: Arc::new(Link::new(pid, Arc::clone(&mapping), rings, bell, waker)),
        child,
        pid,
        number,
        control,
        woken,
    })
}

/// Signals a worker that nobody has waited for, so that its number is its own, and what it has started.
pub(crate) fn signal(pid: Pid, signal: Signal) {
    let grouped = kill_process_group(pid, signal);
    if grouped.is_err() || signal == Signal::KILL {
        // It may have left its group.
        let _ = kill_process(pid, signal);
    }
}

/// Where a new worker prints to.
struct Outputs {
    printed: Option<OwnedFd>,
    errors: Option<OwnedFd>,
    number: u64,
}

impl Outputs {
    /// Has it passed on from now on.
    fn pass_on(self, pool: &Pool) -> io::Result<()> {
        match (self.printed, self.errors) {
            (Some(printed), Some(errors)) => pool.output.add(self.number, printed, errors),
            _ => Ok(()),
        }
    }
}

/// This executable, also where somebody has replaced its file.
fn command() -> Command {
    let program = if cfg!(target_os = "linux") {
        "/proc/self/exe".into()
    } else {
        std::env::current_exe().unwrap_or_default()
    };
    let mut command = Command::new(program);
    if let Some(name) = std::env::args_os().next() {
        command.arg0(name);
    }
    if let Some(test) = entry::test_entry() {
        command.args([
            "--exact",
            &test,
            "--nocapture",
            "--test-threads=1",
            "--quiet",
        ]);
        // Tools that run tests one by one tell them so, and a worker is none of them.
        command.env_remove("NEXTEST");
    }
    command
}

/// Why a worker was not welcomed.
enum Refusal {
    Lost,
    TimedOut,
    Initializer(cf_task::Failure),
    Version(u32),
    Unable(String),
    System(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset => Self::Lost,
            _ => Self::System(error),
        }
    }
}

impl Refusal {
    fn into_error(self, pid: u32, status: Option<ExitStatus>, last_words: &str) -> StartError {
        let text = match self {
            Self::Initializer(failure) => return StartError::Initializer(failure.into_error(pid)),
            Self::System(error) => return error.into(),
            Self::Lost => {
                let died = WorkerDied::new(pid, exit(status), None, false);
                format!("{died} before it was ready: is `cf_pool::init()` the first line of `main`?")
            }
            Self::TimedOut => "a worker process was not ready in time: is `cf_pool::init()` the first line of `main`? \
                 `start_timeout` can be longer"
                .to_owned(),
            Self::Version(version) => format!(
                "a worker process speaks version {version} of the protocol and this one {VERSION}: the executable was replaced"
            ),
            Self::Unable(text) => text,
        };
        let last_line = last_words
            .trim_end()
            .lines()
            .next_back()
            .unwrap_or_default();
        let text = if last_line.is_empty() {
            text
        } else {
            format!("{text} (it said: {last_line})")
        };
        StartError::Died(Error::from_box(text.into()))
    }
}

/// How a process ended, as an error tells it.
pub(crate) fn exit(status: Option<ExitStatus>) -> WorkerExit {
    let signal = status
        .and_then(|status| status.signal())
        .map(WorkerExit::Signal);
    let code = status
        .and_then(|status| status.code())
        .map(WorkerExit::Code);
    signal.or(code).unwrap_or(WorkerExit::Unknown)
}

/// Greets the worker and waits until it is ready.
fn welcome(
    pool: &Pool,
    control: &UnixStream,
    mut outputs: Outputs,
) -> Result<(Arc<Mapping>, UnixStream), Refusal> {
    // Later than the clock can tell is never.
    let deadline = Instant::now().checked_add(pool.settings.start_timeout);
    let receive = || {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(Refusal::TimedOut);
        }
        control.set_read_timeout(left)?;
        Ok(channel::receive::<ToParent>(control)?)
    };
    let greeting = receive();
    if let (Some(printed), Some(_)) = (&mut outputs.printed, entry::test_entry()) {
        // What the test harness says before it comes to us, or where it never does, is for nobody.
        match &greeting {
            Ok(_) => discard(printed),
            Err(_) => *printed = File::open("/dev/null")?.into(),
        }
    }
    outputs.pass_on(pool)?;
    if let ToParent::Hello { version } = greeting?
        && version != VERSION
    {
        return Err(Refusal::Version(version));
    }
    let mapping = Mapping::create(RING_BYTES)?;
    let (bell, theirs) = UnixStream::pair()?;
    bell.set_nonblocking(true)?;
    let welcome = ToWorker::Welcome(Welcome {
        ring_bytes: RING_BYTES,
        initializer: pool.settings.initializer.clone(),
        memory_limit: pool.settings.memory_limit,
        forward_level: pool.settings.forward_level,
    });
    control.set_write_timeout(deadline.map(|_| pool.settings.start_timeout))?;
    channel::send_with(control, &welcome, &[mapping.fd(), theirs.as_fd()])?;
    drop(theirs);
    loop {
        match receive()? {
            ToParent::Ready => break,
            ToParent::InitializerFailed(failure) => return Err(Refusal::Initializer(failure)),
            ToParent::Unable(text) => return Err(Refusal::Unable(text)),
            ToParent::Event(event) => event.emit(0),
            ToParent::Hello { .. } => {
                return Err(Refusal::Unable("a worker greeted twice".to_owned()));
            }
        }
    }
    control.set_read_timeout(None)?;
    Ok((Arc::new(mapping), bell))
}

/// Reads what is there, and forgets it.
fn discard(fd: &OwnedFd) {
    let mut bytes = [0; 4096];
    if rustix::io::ioctl_fionbio(fd, true).is_ok() {
        while matches!(rustix::io::read(fd, &mut bytes), Ok(n) if n > 0) {}
    }
}
