//! A conformance kit: the rules that every executor keeps, as a function over a factory of executors.
//!
//! The rules are CPython's tests of `concurrent.futures` that speak of any executor, re-told, and what its documentation
//! promises besides. They are run with calls of functions marked `#[task]`, so an executor that sends its work elsewhere
//! can be checked like one that runs it here. What an executor cannot do (the caller's own thread never queues anything) the
//! kit finds out by itself, and says so in its [`Report`].
//!
//! # Examples
//! An executor that starts a thread for each call keeps every rule that applies to it:
//! ```
//! use cf_core::{Callable, ClosureExecutor, Future, Promise};
//!
//! struct ThreadPerCall;
//!
//! impl ClosureExecutor for ThreadPerCall {
//!     fn spawn<C: Callable + 'static>(&self, callable: C) -> Future<C::Output> {
//!         let (promise, future) = Promise::new();
//!         std::thread::spawn(move || {
//!             if promise.set_running_or_notify_cancel() {
//!                 match promise.run(|| callable.call()) {
//!                     Ok(value) => promise.set_result(value).is_ok(),
//!                     Err(error) => promise.set_exception(error).is_ok(),
//!                 };
//!             }
//!         });
//!         future
//!     }
//! }
//!
//! cf_compat_tests::kit::check(|| ThreadPerCall).assert();
//! ```
//! One that forgets to catch the panic of a call does not, and is told which rule it breaks:
//! ```
//! # use cf_core::{Callable, ClosureExecutor, Future, Promise};
//! struct LosesPanics;
//!
//! impl ClosureExecutor for LosesPanics {
//!     fn spawn<C: Callable + 'static>(&self, callable: C) -> Future<C::Output> {
//!         let (promise, future) = Promise::new();
//!         std::thread::spawn(move || match callable.call() {
//!             Ok(value) => promise.set_result(value).is_ok(),
//!             Err(error) => promise.set_exception(error).is_ok(),
//!         });
//!         future
//!     }
//! }
//!
//! let report = cf_compat_tests::kit::check(|| LosesPanics);
//! assert!(report.is_broken("a_panic_is_the_failure_of_its_call_alone"));
//! assert!(report.to_string().contains("BROKEN a_panic_is_the_failure_of_its_call_alone (T12)"));
//! ```

mod bench;
mod door;
mod errand;
mod lent;
mod report;
mod rules;
pub mod tasks;
mod watch;

use std::time::Duration;

use cf_core::Executor;
use cf_task::{Batch, Call};

pub use self::{
    door::{Door, Guest, knock},
    report::{Outcome, Report},
    rules::{Needs, RULES, Rule},
};

const TIME_LIMIT: Duration = Duration::from_secs(10);

/// An executor that can be checked: it runs the calls that the kit makes.
///
/// Every [`ClosureExecutor`](cf_core::ClosureExecutor) is one, every `impl<C: Callable + 'static> Executor<C>`, and
/// `cf_pool`'s process pool.
pub trait Subject:
    Executor<Call<u64>> + Executor<Call<String>> + Executor<Batch<u64>> + Send + Sync + 'static
{
}

impl<E> Subject for E where
    E: Executor<Call<u64>> + Executor<Call<String>> + Executor<Batch<u64>> + Send + Sync + 'static
{
}

/// What an executor is like; it decides which rules apply to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// It runs a call on the thread that submits it, before `submit` returns.
    pub runs_inline: bool,
    /// It runs calls in other processes.
    pub crosses_processes: bool,
    /// How many calls run at once; `None` if that is not known, or not limited.
    pub workers: Option<usize>,
    /// Its queue has a bound: `submit` waits for room where it is full.
    pub is_bounded: bool,
    /// How many calls were seen to run at once when the kit tried that out: there may be more workers, never fewer.
    pub seen_at_once: usize,
}

/// Checks the executors that `factory` makes, one for each rule, against all rules that apply to them.
///
/// # Examples
/// ```
/// use cf_core::InlineExecutor;
///
/// let report = cf_compat_tests::kit::check(InlineExecutor::new);
/// assert!(report.traits().runs_inline);
/// report.assert();
/// ```
pub fn check<E: Subject>(factory: impl Fn() -> E) -> Report {
    Kit::new(factory).check()
}

/// A check with settings.
///
/// # Examples
/// ```
/// use cf_compat_tests::kit::Kit;
/// use cf_pool::ThreadPoolExecutor;
///
/// let report = Kit::new(|| ThreadPoolExecutor::new(1).unwrap()).workers(1).check();
/// assert!(report.is_kept("calls_start_in_the_order_of_submission"));
/// report.assert();
/// ```
#[derive(Debug)]
pub struct Kit<F> {
    factory: F,
    traits: Option<Traits>,
    workers: Option<usize>,
    time_limit: Duration,
    exceptions: Vec<(&'static str, String)>,
}

impl<F> Kit<F> {
    /// Makes the kit for the executors that `factory` makes.
    pub fn new(factory: F) -> Self {
        Self {
            factory,
            traits: None,
            workers: None,
            time_limit: TIME_LIMIT,
            exceptions: Vec::new(),
        }
    }

    /// Says how many calls run at once, which cannot be found out for certain: more rules can be asked then.
    ///
    /// # Panics
    /// If there are none.
    #[track_caller]
    pub fn workers(mut self, n_workers: usize) -> Self {
        check_number(n_workers);
        self.workers = Some(n_workers);
        self
    }

    /// Says what the executor is like, which is found out otherwise.
    ///
    /// # Panics
    /// If it has no workers.
    #[track_caller]
    pub fn traits(mut self, traits: Traits) -> Self {
        if let Some(n_workers) = traits.workers {
            check_number(n_workers);
        }
        self.traits = Some(traits);
        self
    }

    /// Sets how long no call may end while a rule waits, 10 seconds by default; then the rule is broken.
    ///
    /// What such a rule has begun is left behind: its thread, its doors and the executor, which may still run calls of it.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Does not ask for a rule that the executor breaks on purpose; the report gives the reason.
    ///
    /// One that promises no order, a stack or a queue with priorities, breaks `calls_start_in_the_order_of_submission` only.
    ///
    /// # Panics
    /// If there is no such rule.
    pub fn except(mut self, rule: &str, why: impl Into<String>) -> Self {
        self.exceptions.push((Rule::named(rule).name, why.into()));
        self
    }

    /// Checks all rules, one after the other; each that hangs takes a time limit, or two.
    pub fn check<E: Subject>(&self) -> Report
    where
        F: Fn() -> E,
    {
        self.check_rules(RULES.iter())
    }

    /// Checks one rule.
    ///
    /// # Panics
    /// If there is no such rule.
    pub fn check_rule<E: Subject>(&self, name: &str) -> Report
    where
        F: Fn() -> E,
    {
        self.check_rules([Rule::named(name)].into_iter())
    }

    /// What was said, and what can be found out besides.
    fn all_traits<E: Subject>(&self) -> Traits
    where
        F: Fn() -> E,
    {
        let found = match self.traits {
            Some(said) => Some(said),
            None => bench::find_out((self.factory)(), self.time_limit),
        };
        // What is wrong with an executor of which nothing is found out will be said by the rules.
        let mut traits = found.unwrap_or_default();
        traits.workers = self.workers.or(traits.workers);
        let is_said = self.traits.is_some() && traits.workers.is_some();
        if found.is_some() && !is_said && !traits.runs_inline && traits.seen_at_once == 0 {
            let queue = bench::look_at_queue((self.factory)(), self.time_limit);
            let (seen_at_once, is_bounded) = queue.unwrap_or_default();
            traits.seen_at_once = seen_at_once;
            traits.is_bounded |= is_bounded;
        }
        traits
    }

    fn check_rules<E: Subject>(&self, rules: impl Iterator<Item = &'static Rule>) -> Report
    where
        F: Fn() -> E,
    {
        let traits = self.all_traits();
        let mut report = Report::new(traits);
        for rule in rules {
            let excepted = self.exceptions.iter().find(|(name, _)| *name == rule.name);
            let outcome = if let Some((_, why)) = excepted {
                Outcome::NotAsked(why.clone())
            } else if report.is_broken(rules::FIRST) {
                Outcome::NotAsked(format!("`{}` is broken", rules::FIRST))
            } else {
                match rule.needs.missing(&traits) {
                    Some(why) => Outcome::NotAsked(why.to_owned()),
                    None => bench::run((self.factory)(), rule, traits, self.time_limit),
                }
            };
            report.add(rule, outcome);
        }
        report
    }
}

#[track_caller]
fn check_number(n_workers: usize) {
    assert!(
        n_workers > 0,
        "an executor has one worker at least; leave the number out if it is not known"
    );
}
