//! Chapter: worker processes that crash, that do not come to an end, and that lose their parent.

use std::env;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{self, Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::{BoxError, Error, ProcessPoolExecutor, ReturnWhen, task, wait};
use rustix::process::{Signal, getpid, kill_process};

use crate::page::{Page, spoken};

/// Makes a tour that has it in its environment the parent that is killed; holds where its workers report.
pub(crate) const MEETING: &str = "CF_TOUR_MEETING";
const N_WORKERS: usize = 3;
const SIGSEGV: i32 = 11;
/// Far more than a process needs to end on a loaded machine.
const LONG: Duration = Duration::from_secs(30);

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Crashes",
        "A process can do what a thread cannot: it can die, or be killed, and nobody else is harmed. In Python one death \
         breaks the whole pool; here it is the failure of one call.",
        include_str!("crashing.rs"),
    );
    let pool = ProcessPoolExecutor::new(4)?;

    page.step(
        "segfault",
        "One call of ten segfaults",
        "Its worker is dead, and another takes its place. Calls that were sent to the dead one ahead of time run elsewhere.",
    );
    // show: segfault
    #[task]
    fn risky(n: u64) -> u64 {
        if n == 3 {
            segfault();
        }
        n * n
    }

    let outcomes: Vec<_> = pool.map(risky::task, 0..10).collect();
    // end
    let deaths: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Err(Error::WorkerDied(death)) => Some(death),
            _ => None,
        })
        .collect();
    let squares: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().ok())
        .collect();
    for death in &deaths {
        page.measured(death);
    }
    page.measured(format!("the others gave {squares:?}"));
    page.check(
        deaths.len() == 1 && deaths[0].signal() == Some(SIGSEGV),
        "one call failed, by the signal for a segmentation fault",
    );
    page.check(squares.len() == 9, "the other nine finished");

    page.step(
        "limit",
        "A call that does not come to an end",
        "A thread cannot be stopped from outside, a process can. The clock starts when the call does, not when it is queued.",
    );
    // show: limit
    #[task]
    fn endless() {
        loop {
            thread::park();
        }
    }

    let call = endless::task().timeout(Duration::from_millis(50));
    let outcome = pool.submit(call).result();
    // end
    if let Err(error) = &outcome {
        page.measured(error);
    }
    page.check(
        matches!(&outcome, Err(Error::TimedOut(late)) if late.ran() >= late.limit()),
        "it was ended when its time was over",
    );
    page.check(
        pool.submit(risky::task(5)).result()? == 25,
        "the pool goes on as if nothing had happened",
    );
    orphans(page)
}

/// Raises what the system raises for a wild pointer, which safe code does not have.
fn segfault() {
    loop {
        // The first one merely takes the handler away with which the standard library looks for stack overflows.
        let _ = kill_process(getpid(), Signal::SEGV);
    }
}

fn orphans(page: &mut Page) -> Result<(), BoxError> {
    page.step(
        "orphans",
        "The parent is killed",
        "Another program with a pool is started here. Its three workers call this one, and are busy; then it gets SIGKILL, \
         which leaves it no time for anything. A line that ends tells that who held it is gone.",
    );
    // show: orphans
    let dir = tempfile::tempdir()?;
    let meeting = dir.path().join("meeting");
    let listener = UnixListener::bind(&meeting)?;
    let mut parent = Parent::start(meeting.as_os_str())?;
    let mut workers = Vec::new();
    for _ in 0..N_WORKERS {
        workers.push(Worker::accept(&listener)?);
    }
    let begun = Instant::now();
    parent.0.kill()?; // SIGKILL
    for worker in &mut workers {
        worker.await_end()?;
    }
    let took = begun.elapsed();
    // end
    let status = parent.0.wait()?;
    let pids: Vec<_> = workers.iter().map(|worker| worker.pid.as_str()).collect();
    page.measured(format!(
        "process {} with the workers {}",
        parent.0.id(),
        pids.join(", ")
    ));
    page.measured(format!(
        "the parent: {status}; the last worker was gone after {}",
        spoken(took)
    ));
    page.check(!status.success(), "the parent was killed");
    page.check(
        pids.iter().all(|pid| *pid != parent.0.id().to_string()),
        "all of its workers, which were other processes, have ended",
    );
    Ok(())
}

/// Another tour, whose only chapter is to be killed.
struct Parent(Child);

impl Parent {
    fn start(meeting: &OsStr) -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.env(MEETING, meeting).stdin(Stdio::null());
        command.spawn().map(Self)
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A worker of the other program, at the other end of a line.
struct Worker {
    line: BufReader<UnixStream>,
    pid: String,
}

impl Worker {
    fn accept(listener: &UnixListener) -> io::Result<Self> {
        let (line, _) = listener.accept()?;
        line.set_read_timeout(Some(LONG))?;
        let mut line = BufReader::new(line);
        let mut pid = String::new();
        line.read_line(&mut pid)?;
        Ok(Self {
            line,
            pid: pid.trim().to_owned(),
        })
    }

    /// Waits until nobody holds the other end.
    fn await_end(&mut self) -> io::Result<()> {
        match self.line.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(io::Error::other("a worker that was to stay silent spoke")),
        }
    }
}

/// The other program: keeps its workers busy until it is killed.
pub(crate) fn be_killed(meeting: &OsStr) -> Result<(), BoxError> {
    let pool = ProcessPoolExecutor::new(N_WORKERS)?;
    let meeting = meeting
        .to_str()
        .ok_or("the directory for temporary files has no proper name")?;
    let calls = [(); N_WORKERS].map(|()| pool.submit(stay::task(meeting)));
    wait(&calls, ReturnWhen::AllCompleted);
    Ok(())
}

/// Tells who it is, and stays on the line until somebody speaks, which nobody does.
#[task]
fn stay(meeting: &str) -> io::Result<()> {
    let mut line = UnixStream::connect(meeting)?;
    writeln!(line, "{}", process::id())?;
    line.read_exact(&mut [0])
}
