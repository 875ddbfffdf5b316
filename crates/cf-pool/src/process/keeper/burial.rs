//! The end of a worker: what becomes of the calls that it had.

use std::sync::Arc;

use cf_core::{BrokenExecutor, Error, Timeout, WorkerDied, WorkerExit};
use rustix::process::Signal;

use super::{CallId, Keeper, Verdict};
use crate::process::{
    builder::OnWorkerDeath,
    frame::Broken,
    job::Job,
    link::InFlight,
    oom,
    ring::{Patience, Ring},
    spawn,
};

impl Keeper<'_> {
    /// Waits for the end of the process, and finds out what becomes of its calls.
    pub(super) fn bury(mut self) {
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
        let (mut in_flight, mut has_begun) = link.close();
        if !has_begun && let Some(job) = in_flight.first_mut().and_then(|front| front.job.as_mut())
        {
            has_begun = !job.is_unbegun_again();
        }
        let is_broken = self.pool.broken().is_some();
        let mut in_flight = in_flight.into_iter();
        let mut left = Vec::new();
        let is_its_own = |front: &InFlight| {
            let call = (front.id, front.n_answered);
            match self.verdict {
                Some((meant, _)) if meant == call => true,
                // The next one of a chunk, in the moment in which the one that was meant ended: it may not have begun.
                Some(_) if front.is_timed => link.progress().started(call.0, call.1).is_some(),
                _ => has_begun,
            }
        };
        if !is_broken
            && in_flight.as_slice().first().is_some_and(is_its_own)
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
            use rustix::{
                event::{PollFd, PollFlags, poll},
                time::Timespec,
            };

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

/// Patience with a worker that is gone: what is not there will not come.
struct Gone;

impl Patience for Gone {
    fn call(&mut self) {}

    fn wait(&mut self, _: &Ring, _: &mut dyn FnMut() -> bool) -> Result<(), Broken> {
        Err(Broken("the worker is gone"))
    }
}
