//! Where a rule meets an executor: on a thread of its own, with a time limit.

use std::{
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use cf_core::{Executor, Future, Map, Reason, Rejected};
use cf_task::Call;

use crate::kit::{
    Door, Guest, Outcome, Rule, Subject, Traits,
    lent::{Each, Lent},
    rules, tasks,
    watch::Watch,
};

// time: nobody comes within it who is held back; what is late is overlooked, and breaks nothing
pub(super) const QUIET: Duration = Duration::from_millis(100);
// time: as above, where workers may have to be started first
const QUIET_AT_FIRST: Duration = Duration::from_millis(500);

/// A broken rule: what was seen.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

pub(super) type Verdict<T = ()> = Result<T, Broken>;

/// Ends the rule as broken, unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err(crate::kit::bench::Broken(format!($($what)+)));
        }
    };
}
pub(super) use ensure;

/// Beyond the bound of any queue that is made small on purpose, and what a rule queues at most.
const N_TRIED: u64 = 100;

/// What a rule works with.
pub(super) struct Bench<E> {
    /// `None` once it was dropped.
    executor: Option<Arc<E>>,
    pub(super) traits: Traits,
    watch: Watch,
}

impl<E> Drop for Bench<E> {
    fn drop(&mut self) {
        self.watch.step("dropping the executor");
    }
}

/// Calls that keep every worker busy, at a door.
pub(super) struct Crowd {
    door: Door,
    /// They are not let in before they are dropped.
    guests: Vec<Guest>,
    futures: Vec<Future<u64>>,
}

/// Not less than there are workers in any pool that is made for this machine.
pub(super) fn n_flood() -> usize {
    let n_cpus = thread::available_parallelism().map_or(1, usize::from);
    2 * n_cpus + 16
}

impl<E: Subject> Bench<E> {
    /// Says what is waited for next, in case that it never comes.
    pub(super) fn step(&self, what: &'static str) {
        self.watch.step(what);
    }

    pub(super) fn executor(&self) -> &Arc<E> {
        let Some(executor) = &self.executor else {
            unreachable!("a rule that ends its executor goes on without it")
        };
        executor
    }

    /// Drops the executor.
    pub(super) fn end(&mut self) {
        self.step("dropping the executor");
        self.executor = None;
        self.step("waiting for a call after the executor was dropped");
    }

    pub(super) fn submit(&self, call: Call<u64>) -> Future<u64> {
        self.step("submitting a call");
        let future = self.executor().submit(call);
        self.watch.follow(&future);
        self.step("waiting for a call to end");
        future
    }

    /// Submits a call that may have to wait for a worker: past the bound of the queue, if there is one.
    pub(super) fn queue(&self, call: Call<u64>) -> Future<u64> {
        self.step("submitting a call past the bound of the queue");
        let future = Executor::<Call<u64>>::submit_now(&**self.executor(), call);
        self.watch.follow(&future);
        self.step("waiting for a call to end");
        future
    }

    /// How long no call may end.
    pub(super) fn time_limit(&self) -> Duration {
        self.watch.limit()
    }

    /// Waits for the value of a call, which must be one.
    pub(super) fn value<T: 'static>(&self, future: Future<T>, of: &str) -> Verdict<T> {
        let outcome = future.result();
        outcome.map_err(|error| Broken(format!("{of} failed: {error}")))
    }

    /// Waits for a call at a door.
    pub(super) fn guest(&self, door: &Door) -> Verdict<Guest> {
        self.guest_while(door, "waiting for a call to begin")
    }

    /// As `guest`, of which something else is told while nobody comes.
    fn guest_while(&self, door: &Door, step: &'static str) -> Verdict<Guest> {
        self.step(step);
        // The watch is sooner.
        let guest = door.guest_within(3 * self.watch.limit());
        let guest = guest.ok_or_else(|| Broken("a call never began".to_owned()))?;
        self.step("waiting for a call to end");
        Ok(guest)
    }

    pub(super) fn wait_for_names(&self, door: &Door, n_names: usize, what: &str) -> Verdict {
        let mut n_seen = door.names().len();
        while n_seen < n_names {
            self.step("waiting for calls to begin");
            let has_come = door.has_seen(n_seen + 1, self.watch.limit() / 2);
            ensure!(has_come, "{what}: {n_seen} of {n_names} came");
            n_seen = door.names().len();
        }
        Ok(())
    }

    /// Keeps all workers busy until what is given is dropped or opened.
    pub(super) fn occupy(&self) -> Verdict<Crowd> {
        match self.traits.workers {
            Some(n_workers) => self.crowd(n_workers, "waiting until all workers are busy"),
            None => self.flood(),
        }
    }

    /// Keeps so many workers busy.
    pub(super) fn crowd(&self, n_calls: usize, step: &'static str) -> Verdict<Crowd> {
        let mut crowd = self.at_a_door(n_calls);
        for _ in 0..n_calls {
            crowd.guests.push(self.guest_while(&crowd.door, step)?);
        }
        Ok(crowd)
    }

    /// Keeps all workers busy where nobody knows how many there are: more calls than that come, and most queue.
    fn flood(&self) -> Verdict<Crowd> {
        let mut crowd = self.at_a_door(n_flood());
        crowd.guests.push(self.guest(&crowd.door)?);
        crowd.gather(self.traits.seen_at_once);
        Ok(crowd)
    }

    fn at_a_door(&self, n_calls: usize) -> Crowd {
        let door = Door::new();
        let futures = (0..n_calls).map(|_| self.queue(tasks::visit::task(door.address(), 0)));
        Crowd {
            futures: futures.collect(),
            guests: Vec::new(),
            door,
        }
    }

    /// Checks that as many calls run at once as there are workers, if that is known.
    pub(super) fn all_workers_are_there(&self) -> Verdict {
        let Some(n_workers) = self.traits.workers else {
            return Ok(());
        };
        self.crowd(n_workers, "waiting until all workers are busy once more")?
            .disperse()
    }

    /// Maps calls over items.
    pub(super) fn map<F, I>(&self, call: F, items: I) -> Map<Lent<E>, Each<F>, I::IntoIter>
    where
        F: Fn(I::Item) -> Call<u64>,
        I: IntoIterator,
    {
        self.map_over(false, call, items)
    }

    /// As `map`; its calls go past the bound of the queue.
    pub(super) fn map_queued<F, I>(&self, call: F, items: I) -> Map<Lent<E>, Each<F>, I::IntoIter>
    where
        F: Fn(I::Item) -> Call<u64>,
        I: IntoIterator,
    {
        self.map_over(true, call, items)
    }

    fn map_over<F, I>(
        &self,
        goes_past_the_bound: bool,
        call: F,
        items: I,
    ) -> Map<Lent<E>, Each<F>, I::IntoIter>
    where
        F: Fn(I::Item) -> Call<u64>,
        I: IntoIterator,
    {
        self.step("mapping");
        let executor = Arc::clone(self.executor());
        let lent = Lent::new(executor, self.watch.clone(), goes_past_the_bound);
        Map::over(lent, Each::of(call), items.into_iter())
    }
}

impl Crowd {
    /// Waits for so many of it, unless nobody else comes.
    fn gather(&mut self, n_guests: usize) {
        while self.guests.len() < n_guests {
            let Some(guest) = self.door.guest_within(QUIET_AT_FIRST) else {
                return;
            };
            self.guests.push(guest);
        }
    }

    /// Lets one go: a worker is free.
    pub(super) fn let_one_go(&mut self) {
        drop(self.guests.pop());
    }

    /// Lets it go, without waiting for it: others may have to run before the last of it does.
    pub(super) fn open(&mut self) {
        self.door.open();
        self.guests.clear();
    }

    /// Lets it go, and waits until all of it has ended.
    pub(super) fn disperse(mut self) -> Verdict {
        self.open();
        for future in self.futures {
            let outcome = future.result();
            ensure!(
                outcome.is_ok(),
                "a call that waited at a door came to {outcome:?}"
            );
        }
        Ok(())
    }
}

/// Runs a rule on an executor.
pub(super) fn run<E: Subject>(
    executor: E,
    rule: &'static Rule,
    traits: Traits,
    limit: Duration,
) -> Outcome {
    let ran = within(executor, traits, limit, move |bench| {
        rules::body::<E>(rule.name)(bench)
    });
    match ran {
        Ok(()) => Outcome::Kept,
        Err(Broken(what)) => Outcome::Broken(what),
    }
}

/// Finds out where an executor runs its calls.
pub(super) fn find_out<E: Subject>(executor: E, limit: Duration) -> Option<Traits> {
    let found = within(
        executor,
        Traits::default(),
        limit,
        |bench: &mut Bench<E>| {
            let there = bench.executor().submit(tasks::place::task());
            let is_done = there.done();
            let there = bench.value(there, "a call")?;
            let (here, me) = (tasks::place(), std::process::id().to_string());
            Ok(Traits {
                runs_inline: is_done && there == here,
                crosses_processes: there.split(' ').next() != Some(&me),
                ..Traits::default()
            })
        },
    );
    found.ok()
}

/// Finds out how many calls run at once, and whether others are refused behind them: the queue has a bound then.
pub(super) fn look_at_queue<E: Subject>(executor: E, limit: Duration) -> Option<(usize, bool)> {
    within(
        executor,
        Traits::default(),
        limit,
        |bench: &mut Bench<E>| {
            let mut crowd = bench.at_a_door(n_flood());
            crowd.guests.push(bench.guest(&crowd.door)?);
            crowd.gather(n_flood());
            let n_seen = crowd.guests.len();
            let mut tried = Vec::new();
            let mut is_bounded = false;
            for n in 0..N_TRIED {
                match bench.executor().try_submit(tasks::add::task(n, 1)) {
                    Ok(future) => tried.push(future),
                    Err(Rejected { reason, .. }) => {
                        is_bounded = matches!(reason, Reason::Full);
                        break;
                    }
                }
            }
            crowd.disperse()?;
            for future in tried {
                future.wait();
            }
            Ok((n_seen, is_bounded))
        },
    )
    .ok()
}

/// Does something with an executor on a thread of its own, but not longer than `limit` without going on.
fn within<E: Subject, R: Send + 'static>(
    executor: E,
    traits: Traits,
    limit: Duration,
    f: impl FnOnce(&mut Bench<E>) -> Verdict<R> + Send + 'static,
) -> Verdict<R> {
    let watch = Watch::new(limit);
    let mut bench = Bench {
        executor: Some(Arc::new(executor)),
        traits,
        watch: watch.clone(),
    };
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || {
        let verdict = f(&mut bench);
        drop(bench);
        let _ = sender.send(verdict);
    });
    let mut so_far = watch.so_far();
    loop {
        match receiver.recv_timeout(limit) {
            Ok(verdict) => {
                let _ = thread.join();
                return verdict;
            }
            Err(RecvTimeoutError::Timeout) if watch.so_far() == so_far => {
                return Err(watch.overdue());
            }
            Err(RecvTimeoutError::Timeout) => so_far = watch.so_far(),
            Err(RecvTimeoutError::Disconnected) => {
                let text = thread.join().err().map(|payload| text_of(&*payload));
                let text = text.unwrap_or_default();
                return Err(Broken(format!("it panicked: {text}")));
            }
        }
    }
}

fn text_of(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "with a payload that is no text".to_owned())
}
