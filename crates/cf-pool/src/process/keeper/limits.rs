//! Looks after the call that runs: its time limit, and requests to stop it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use super::{CallId, Keeper, Verdict};
use crate::process::{
    channel::{self, ToWorker},
    clock::monotonic,
    link::{InFlight, Link, Stop},
};

/// A call with a time limit that a free worker has not begun this long after its limit counts as running into it.
const LATE_START: Duration = Duration::from_secs(1);

impl Keeper<'_> {
    /// Looks after the call that runs: its time limit, and requests to stop it. Gives when to look again.
    ///
    /// `is_alone`: the keeper is in the middle of a message of this call, so nothing else can have begun.
    pub(super) fn watch_front(&mut self, is_alone: bool) -> Option<Instant> {
        let now = Instant::now();
        let link = Arc::clone(&self.process.link);
        let grace = self.pool.settings.cancel_grace;
        let mut cancelled = None;
        let (deadline, sentence, is_alone) = link.with_front(|front, has_begun| {
            let mut deadline = None;
            let mut sentence = None;
            let call = (front.id, front.n_answered);
            if let Some(verdict) = time_limit(front, &link, now, &mut deadline) {
                sentence = Some((call, verdict, Signal::KILL));
            }
            // What it has not begun with is recalled, unless it is just being sent.
            if front.is_asked_to_stop && (has_begun || front.job.is_none()) {
                match front.stop {
                    Stop::NotAsked => {
                        cancelled = Some(front.id);
                        front.stop = Stop::Asked(now);
                    }
                    Stop::Asked(since) if now.duration_since(since) >= grace => {
                        sentence = Some((call, Verdict::Stopped, Signal::TERM));
                        front.stop = Stop::Terminated(now);
                    }
                    Stop::Terminated(since) if now.duration_since(since) >= grace => {
                        sentence = Some((call, Verdict::Stopped, Signal::KILL));
                        front.stop = Stop::Killed;
                    }
                    _ => {}
                }
                if let Stop::Asked(since) | Stop::Terminated(since) = front.stop {
                    deadline = sooner(deadline, since.checked_add(grace));
                }
            }
            // A worker that has not begun with it runs nothing.
            (deadline, sentence, is_alone || !has_begun)
        })?;
        if let Some(id) = cancelled {
            // If it does not even read, it is terminated soon.
            let _ = channel::try_send(&self.process.control, &ToWorker::Cancel(id));
        }
        if let Some((call, verdict, signal)) = sentence
            && (is_alone || self.is_still_running(call))
        {
            self.verdict = Some((call, verdict));
            self.signal(signal);
        }
        deadline
    }

    /// Makes sure that nothing but this call can be hit: nothing else is begun any more, and its answer has not come.
    fn is_still_running(&mut self, call: CallId) -> bool {
        let link = Arc::clone(&self.process.link);
        self.pool.put_back(&link, link.retire());
        self.pump();
        link.with_front(|front, _| (front.id, front.n_answered) == call)
            .unwrap_or(false)
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

/// The sooner of two deadlines, where there are such.
fn sooner(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
