//! The thread beside each worker process: starts it, reads its answers, watches its time limits, and buries it.

mod burial;
mod limits;
mod patience;

use std::{
    io::{self, Read},
    os::fd::AsFd,
    sync::Arc,
    time::{Duration, Instant},
};

use cf_core::{BrokenExecutor, Error, spin, unwind};
use rustix::{
    event::{PollFd, PollFlags, poll},
    process::Signal,
    time::Timespec,
};

use crate::process::{
    bell::IDLE,
    frame::Broken,
    inbox::Inbox,
    oom,
    shared::{Inside, Order, Pool},
    spawn::{self, Process},
};

/// A worker that was told to leave and stays is killed after this time.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// The body of a keeper: worker after worker, for as long as one is wanted.
pub(crate) fn run(pool: &Arc<Pool>, index: usize) {
    let _inside = Inside::enter();
    let mut n_failures = 0;
    loop {
        match spawn::start(pool, index) {
            Ok(process) => {
                n_failures = 0;
                Keeper::new(pool, index, process).keep();
            }
            Err(failure) => {
                n_failures += 1;
                let pause = pool.start_failed(failure, n_failures);
                pool.pause(pause);
            }
        }
        if !pool.is_wanted(index) {
            return;
        }
    }
}

struct Keeper<'a> {
    pool: &'a Arc<Pool>,
    index: usize,
    process: Process,
    inbox: Inbox,
    /// Why the keeper itself killed the worker, and which call is meant.
    verdict: Option<(CallId, Verdict)>,
    is_gone: bool,
    n_oom_kills: Option<u64>,
}

/// A call as it is known to both sides: the number of its frame, and its own in that.
type CallId = (u64, u32);

/// Why a keeper kills its worker.
#[derive(Clone, Copy)]
enum Verdict {
    TimedOut { ran: Duration, limit: Duration },
    Stopped,
}

impl<'a> Keeper<'a> {
    fn new(pool: &'a Arc<Pool>, index: usize, process: Process) -> Self {
        Self {
            pool,
            index,
            process,
            inbox: Inbox::default(),
            verdict: None,
            is_gone: false,
            n_oom_kills: oom::n_kills(),
        }
    }

    fn keep(mut self) {
        self.pool.open(self.index, &self.process.link);
        if let Err(error) = unwind::catch(|| self.serve()) {
            // Nothing of its users can panic here, so something of ours is wrong; let nobody wait for ever.
            let broken = BrokenExecutor::new(
                "the pool itself panicked, which is a fault of this library: please report it",
                Some(error),
            );
            self.pool.break_down(&broken);
            self.signal(Signal::KILL);
        }
        self.bury();
    }

    /// Until the worker is gone, or is to go.
    fn serve(&mut self) {
        while !self.is_gone {
            self.pump();
            if let Some(broken) = self.process.link.broken() {
                return self.condemn(broken);
            }
            if self.process.link.takes_stop_request() {
                self.pool.recall(&self.process.link, true);
            }
            let deadline = self.watch_front(false);
            match self.pool.order(self.index, &self.process.link) {
                Order::Send(jobs) => {
                    let link = Arc::clone(&self.process.link);
                    let pool = Arc::clone(self.pool);
                    if pool.send(&link, jobs, Some(self)) {
                        continue;
                    }
                    self.sleep(deadline);
                }
                Order::LookAgain => {}
                Order::Sleep => self.rest(deadline),
                Order::Leave => return self.see_off(),
                Order::Kill => {
                    self.signal(Signal::KILL);
                    return;
                }
            }
        }
    }

    fn pump(&mut self) {
        let link = Arc::clone(&self.process.link);
        let pool = Arc::clone(self.pool);
        if let Err(broken) = link.pump(Some(self), &pool.tallies) {
            link.denounce(broken);
        }
    }

    /// Looks around for a moment, unless others do, and sleeps if there is nothing.
    fn rest(&mut self, deadline: Option<Instant>) {
        let link = &self.process.link;
        let has_news = || link.has_results() || link.has_news();
        if has_news() || (!link.results.positions().has_lookers() && spin::look(has_news)) {
            link.takes_news();
            return;
        }
        spin::learn_from(|| self.sleep(deadline));
    }

    /// Sleeps until there is something to do.
    fn sleep(&mut self, deadline: Option<Instant>) {
        let link = Arc::clone(&self.process.link);
        link.keeper_lies_down();
        if !link.has_results() && !link.takes_news() {
            self.poll(deadline);
        }
        link.keeper_is_up();
        link.takes_news();
    }

    /// Waits for the worker, for its end, and for who wakes the keeper.
    fn poll(&mut self, deadline: Option<Instant>) {
        let timeout = deadline.map(|deadline| {
            let left = deadline.saturating_duration_since(Instant::now());
            Timespec::try_from(left).unwrap_or(Timespec {
                tv_sec: i64::from(i32::MAX),
                tv_nsec: 0,
            })
        });
        let process = &self.process;
        let bell = process.link.bell.as_fd();
        let mut fds = vec![
            PollFd::from_borrowed_fd(bell, PollFlags::IN),
            PollFd::new(&process.woken, PollFlags::IN),
            PollFd::new(&process.control, PollFlags::IN),
        ];
        #[cfg(target_os = "linux")]
        if let Some(pidfd) = &process.pidfd {
            fds.push(PollFd::new(pidfd, PollFlags::IN));
        }
        if poll(&mut fds, timeout.as_ref()).is_err() {
            return;
        }
        let ready: Vec<_> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        let mut bytes = [0; 64];
        if ready[0] {
            // The worker closes its end only by ending.
            match (&process.link.bell).read(&mut bytes) {
                Ok(0) => self.is_gone = true,
                Ok(n) if bytes[..n].contains(&IDLE) => process.link.give_back(),
                _ => {}
            }
        }
        if ready[1] {
            let _ = (&process.woken).read(&mut bytes);
        }
        if ready[2] {
            let pid = process.link.pid();
            if let Err(error) = self.inbox.receive(&process.control, pid) {
                self.is_gone = true;
                if error.kind() != io::ErrorKind::UnexpectedEof {
                    let what =
                        format_args!("worker process {pid} cannot be understood and is killed");
                    unwind::report(what, &Error::from_box(Box::new(error)));
                }
            }
        }
        self.is_gone |= ready.get(3) == Some(&true);
    }

    /// The worker broke the protocol.
    fn condemn(&mut self, broken: Broken) {
        if !self.is_gone {
            let pid = self.process.link.pid();
            unwind::report(
                format_args!("worker process {pid} breaks the protocol and is killed"),
                &Error::from_box(Box::new(broken)),
            );
            self.signal(Signal::KILL);
        }
    }

    /// Lets the worker go, which has nothing to do any more.
    fn see_off(&mut self) {
        // Its next look for work finds the end.
        let _ = self.process.link.bell.shutdown(std::net::Shutdown::Write);
        let deadline = Instant::now() + LEAVE_TIMEOUT;
        while !self.is_gone && Instant::now() < deadline && !self.pool.is_forced() {
            self.process.link.keeper_lies_down();
            self.poll(Some(deadline));
            self.process.link.keeper_is_up();
        }
        if !self.is_gone {
            self.signal(Signal::KILL);
        }
    }

    fn signal(&self, signal: Signal) {
        spawn::signal(self.process.pid, signal);
    }
}
