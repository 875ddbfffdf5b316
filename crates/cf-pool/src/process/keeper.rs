//! The thread beside each worker process: starts it, reads its answers, watches its time limits, and buries it.

use std::{
    io::Read,
    os::fd::AsFd,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use cf_core::{BrokenExecutor, Error, Timeout, WorkerDied, WorkerExit, spin, unwind};
use rustix::{
    event::{PollFd, PollFlags, poll},
    process::{Signal, kill_process_group},
    time::{ClockId, Timespec, clock_gettime},
};

use crate::process::{
    bell::IDLE,
    builder::OnWorkerDeath,
    channel::{self, ToWorker},
    frame::Broken,
    inbox::Inbox,
    job::Job,
    link::{InFlight, Link, Stop},
    oom,
    ring::{Direction, Patience, Ring},
    shared::{Order, Pool},
    spawn::{self, Process, StartError},
};

/// A call with a time limit that a free worker has not begun this long after its limit counts as running into it.
const LATE_START: Duration = Duration::from_secs(1);
/// A worker that was told to leave and stays is killed after this time.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(5);
/// In the middle of a large message the other side answers soon.
const LINGER: Duration = Duration::from_micros(200);

/// The body of a keeper: worker after worker, for as long as one is wanted.
pub(crate) fn run(pool: &Arc<Pool>, index: usize) {
    loop {
        match spawn::start(pool, index) {
            Ok(process) => Keeper::new(pool, index, process).keep(),
            Err(StartError::Initializer(cause)) => {
                unwind::report(format_args!("exception in initializer"), &cause);
                pool.break_down(&BrokenExecutor::new(
                    "a worker's initializer failed",
                    Some(cause),
                ));
            }
            Err(StartError::Died(cause)) => pool.start_failed(cause),
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
            let broken = BrokenExecutor::new("the pool itself panicked", Some(error));
            self.pool.break_down(&broken);
            self.signal(Signal::KILL);
        }
        self.bury();
    }

    /// Until the worker is gone, or is to go.
    fn serve(&mut self) {
        while !self.is_gone {
            if let Err(broken) = self.pump() {
                return self.condemn(broken);
            }
            if self.process.link.is_closed() {
                return self.condemn(Broken("a worker writes where it should not"));
            }
            if self.process.link.takes_stop_request() {
                self.pool.recall(&self.process.link, true);
            }
            let deadline = self.watch_front();
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

    fn pump(&mut self) -> Result<(), Broken> {
        let link = Arc::clone(&self.process.link);
        let pool = Arc::clone(self.pool);
        link.pump(Some(self), &pool.tallies).map(drop)
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
            self.is_gone |= self.inbox.receive(&process.control, pid).is_err();
        }
        self.is_gone |= ready.get(3) == Some(&true);
    }

    /// Looks after the call that runs: its time limit, and requests to stop it. Gives when to look again.
    fn watch_front(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let link = Arc::clone(&self.process.link);
        let grace = self.pool.settings.cancel_grace;
        let mut cancelled = None;
        let (deadline, signal) = link.with_front(|front, has_begun| {
            let mut deadline = None;
            let mut signal = None;
            let call = (front.id, front.n_answered);
            if let Some(verdict) = time_limit(front, &link, now, &mut deadline) {
                self.verdict = Some((call, verdict));
                signal = Some(Signal::KILL);
            }
            // What it has not begun with is recalled, unless it is just being sent.
            if front.is_asked_to_stop && (has_begun || front.job.is_none()) {
                match front.stop {
                    Stop::NotAsked => {
                        cancelled = Some(front.id);
                        front.stop = Stop::Asked(now);
                    }
                    Stop::Asked(since) if now.duration_since(since) >= grace => {
                        self.verdict = Some((call, Verdict::Stopped));
                        signal = Some(Signal::TERM);
                        front.stop = Stop::Terminated(now);
                    }
                    Stop::Terminated(since) if now.duration_since(since) >= grace => {
                        signal = Some(Signal::KILL);
                        front.stop = Stop::Killed;
                    }
                    _ => {}
                }
                if let Stop::Asked(since) | Stop::Terminated(since) = front.stop {
                    deadline = sooner(deadline, since.checked_add(grace));
                }
            }
            (deadline, signal)
        })?;
        if let Some(id) = cancelled {
            // If it does not even read, it is terminated soon.
            let _ = channel::try_send(&self.process.control, &ToWorker::Cancel(id));
        }
        if let Some(signal) = signal {
            self.signal(signal);
        }
        deadline
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
        // It has not been waited for, so its number is still its own.
        let _ = kill_process_group(self.process.pid, signal);
    }

    /// Waits for the end of the process, and finds out what becomes of its calls.
    fn bury(mut self) {
        let link = Arc::clone(&self.process.link);
        if self.is_gone {
            // Its descriptors may be closed before its end.
            self.wait_for_exit();
        }
        self.pool.set_pid(self.index, None);
        // What it started itself goes with it; until it was waited for, its number is not given to another.
        self.signal(Signal::KILL);
        let status = self.process.child.wait().ok();
        self.is_gone = true;
        let last_words = self.pool.output.end(self.process.number);
        self.inbox.drain(&self.process.control, link.pid());
        // What it had answered before counts.
        let _ = link.pump(Some(&mut Gone), &self.pool.tallies);
        let (in_flight, has_begun) = link.close();
        let is_broken = self.pool.broken().is_some();
        let mut in_flight = in_flight.into_iter();
        let mut left = Vec::new();
        let is_meant = |frame| matches!(self.verdict, Some(((meant, _), _)) if meant == frame);
        if !is_broken
            && in_flight
                .as_slice()
                .first()
                .is_some_and(|front| has_begun || is_meant(front.id))
            && let Some(InFlight {
                id,
                n_answered,
                job: Some(job),
                ..
            }) = in_flight.next()
        {
            let exit = spawn::exit(status);
            let is_oom = oom::is_likely(exit, self.n_oom_kills, &last_words);
            left.extend(self.bereave((id, n_answered), job, exit, is_oom));
        }
        left.extend(in_flight.filter_map(|entry| entry.job));
        self.pool.close(self.index, left);
    }

    /// Gives a worker that closed its channels a moment to end by itself.
    fn wait_for_exit(&self) {
        #[cfg(target_os = "linux")]
        if let Some(pidfd) = &self.process.pidfd {
            let timeout = Timespec {
                tv_sec: 0,
                tv_nsec: 100_000_000,
            };
            let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
            if matches!(poll(&mut fds, Some(&timeout)), Ok(n) if n > 0) {
                return;
            }
        }
        self.signal(Signal::KILL);
    }

    /// Settles the call that was running; gives what is left of its job to be run elsewhere.
    fn bereave(
        &self,
        call: CallId,
        mut job: Box<dyn Job>,
        exit: WorkerExit,
        is_oom: bool,
    ) -> Option<Box<dyn Job>> {
        let current = job.current()?;
        let name = current.task.name().to_owned();
        let pid = self.process.link.pid();
        // The one that was meant may have ended just before.
        let verdict = self.verdict.filter(|(meant, _)| *meant == call);
        let error = match verdict.map(|(_, verdict)| verdict) {
            Some(Verdict::Stopped) => {
                self.pool.tallies.cancel(job);
                return None;
            }
            Some(Verdict::TimedOut { ran, limit }) => {
                Error::TimedOut(Timeout::of_call(name, ran, limit))
            }
            None => Error::WorkerDied(WorkerDied::new(pid, exit, Some(name), is_oom)),
        };
        let is_death = matches!(error, Error::WorkerDied(_));
        if is_death && self.pool.settings.on_worker_death == OnWorkerDeath::BreakPool {
            let broken = BrokenExecutor::new("a worker process died", Some(error));
            self.pool.break_down(&broken);
            self.pool.tallies.fail(job, Error::BrokenExecutor(broken));
            return None;
        }
        if self.pool.is_forced() {
            self.pool.tallies.fail(job, error);
            return None;
        }
        job.bereave(error);
        if job.current().is_none() {
            self.pool.tallies.finish(job);
            return None;
        }
        Some(job)
    }
}

/// Whether the call that runs has run for too long; else `deadline` is when to look again.
fn time_limit(
    front: &InFlight,
    link: &Link,
    now: Instant,
    deadline: &mut Option<Instant>,
) -> Option<Verdict> {
    if !front.is_timed {
        return None;
    }
    let current = front.current.as_ref()?;
    let limit = current.options.timeout?;
    let ran = link
        .progress()
        .started(front.id, front.n_answered)
        .map(|started| Duration::from_nanos(monotonic().saturating_sub(started)));
    let end = match ran {
        Some(ran) if ran >= limit => return Some(Verdict::TimedOut { ran, limit }),
        Some(ran) => now.checked_add(limit - ran),
        None => {
            let end = front.since.checked_add(limit.saturating_add(LATE_START));
            if end.is_some_and(|end| now >= end) {
                let ran = now.duration_since(front.since);
                return Some(Verdict::TimedOut { ran, limit });
            }
            // By then it has begun, and its own clock counts.
            front
                .since
                .checked_add(limit)
                .filter(|then| *then > now)
                .or(end)
        }
    };
    *deadline = end;
    None
}

/// The machine's clock that all its processes share, in nanoseconds.
pub(crate) fn monotonic() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let nanos = Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32).as_nanos();
    u64::try_from(nanos).unwrap_or(u64::MAX).max(1)
}

/// The sooner of two deadlines, where there are such.
fn sooner(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

/// In the middle of a large message: waits for the worker, and watches its end and its time meanwhile.
impl Patience for Keeper<'_> {
    fn call(&mut self) {
        self.process.link.ring();
    }

    fn wait(&mut self, ring: &Ring, is_ready: &mut dyn FnMut() -> bool) -> Result<(), Broken> {
        if linger(is_ready) {
            return Ok(());
        }
        let link = Arc::clone(&self.process.link);
        // Of the results it is the reader, as always; of the requests the writer.
        let is_writer = ring.direction() == Direction::Requests;
        loop {
            let deadline = self.watch_front();
            link.keeper_lies_down();
            if is_writer {
                ring.positions().writer_lies_down();
            }
            let is_over = is_ready();
            if !is_over && !link.takes_news() {
                self.poll(deadline);
            }
            if is_writer {
                ring.positions().writer_is_up();
            }
            link.keeper_is_up();
            if is_over || is_ready() {
                if is_writer {
                    // It reads, so it is not late in beginning.
                    link.with_front(|front, _| front.since = Instant::now());
                }
                return Ok(());
            }
            if self.is_gone || self.pool.is_killing() {
                return Err(Broken("the worker is gone"));
            }
        }
    }
}

/// Looks for as long as the other side may be copying, and gives way to it.
pub(crate) fn linger(is_ready: &mut dyn FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        for _ in 0..40 {
            if is_ready() {
                return true;
            }
            std::hint::spin_loop();
        }
        thread::yield_now();
        if start.elapsed() >= LINGER {
            return is_ready();
        }
    }
}

/// Patience with a worker that is gone: what is not there will not come.
struct Gone;

impl Patience for Gone {
    fn call(&mut self) {}

    fn wait(&mut self, _: &Ring, _: &mut dyn FnMut() -> bool) -> Result<(), Broken> {
        Err(Broken("the worker is gone"))
    }
}
