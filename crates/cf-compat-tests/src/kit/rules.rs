//! The rules: what each says, what it needs, and the rows of the behavioural reference that it stands for.

mod as_completed;
mod callback;
mod cancel;
mod ending;
mod inside;
mod kinds;
mod many;
mod map;
mod submit;
mod wait;

use crate::kit::{
    Subject, Traits,
    bench::{Bench, Verdict, n_flood},
};

/// Where this one is broken, no other can be asked.
pub(super) const FIRST: &str = "a_call_gives_its_value";

/// Something that every executor does, or never does.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rule {
    /// Its name, as a test would have it.
    pub name: &'static str,
    /// The rows of the behavioural reference that it stands for.
    pub rows: &'static str,
    /// What it says.
    pub says: &'static str,
    /// What an executor must have for it to apply.
    pub needs: Needs,
}

/// What an executor must be like for a rule to apply to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// It applies to all.
    Nothing,
    /// Calls run elsewhere than on the caller's thread.
    Pool,
    /// As `Pool`, and calls queue behind others.
    Queue,
    /// As `Queue`, and the queue has no bound.
    Unbounded,
    /// As `Pool`, and it is known how many calls run at once.
    Known,
    /// As `Known`, and there are at least two workers.
    Workers,
    /// Calls run in this process.
    Here,
    /// As `Here`, and it is known how many calls run at once.
    HereKnown,
}

impl Needs {
    /// Gives why a rule that needs this does not apply to such an executor; `None` if it does.
    pub(super) fn missing(self, traits: &Traits) -> Option<&'static str> {
        let is_known = traits.workers.is_some() || traits.runs_inline;
        let queues = traits.workers.is_some() || traits.seen_at_once < n_flood();
        match self {
            Self::Nothing => None,
            Self::Here | Self::HereKnown if traits.crosses_processes => {
                Some("its calls run in other processes, where it is not")
            }
            Self::Here => None,
            Self::HereKnown if is_known => None,
            _ if traits.runs_inline => Some("each call runs before `submit` returns"),
            Self::Pool => None,
            Self::Queue | Self::Unbounded if !queues => {
                Some("no call was queued behind many: say how many workers it has: `Kit::workers`")
            }
            Self::Unbounded if traits.is_bounded => {
                Some("its queue has a bound, so that `submit` may wait for room")
            }
            Self::Queue | Self::Unbounded => None,
            _ if !is_known => Some("nobody said how many workers it has: `Kit::workers`"),
            Self::Workers if traits.workers == Some(1) => Some("it has one worker only"),
            Self::Workers | Self::Known | Self::HereKnown => None,
        }
    }
}

impl Rule {
    /// Tells whether it applies to such an executor.
    pub fn applies_to(&self, traits: &Traits) -> bool {
        self.needs.missing(traits).is_none()
    }

    /// Gives the rule with this name.
    ///
    /// # Panics
    /// If there is none.
    pub fn named(name: &str) -> &'static Self {
        let rule = RULES.iter().find(|rule| rule.name == name);
        rule.unwrap_or_else(|| panic!("there is no rule `{name}`"))
    }
}

type Body<E> = fn(&mut Bench<E>) -> Verdict;

macro_rules! rules {
    ($($module:ident::$name:ident, $needs:ident, $rows:literal, $says:literal;)+) => {
        /// All rules, in the order in which they are checked.
        pub const RULES: &[Rule] = &[$(Rule {
            name: stringify!($name),
            rows: $rows,
            says: $says,
            needs: Needs::$needs,
        }),+];

        pub(super) fn body<E: Subject>(name: &str) -> Body<E> {
            match name {
                $(stringify!($name) => |bench| $module::$name(bench),)+
                _ => unreachable!("a rule is made by its name"),
            }
        }
    };
}

rules! {
    submit::a_call_gives_its_value, Nothing, "E01",
        "submit gives a future of what the call returns";
    submit::an_error_is_the_failure_of_its_call_alone, Nothing, "F13",
        "an `Err` of the function is the error of its future, and the executor goes on";
    submit::a_panic_is_the_failure_of_its_call_alone, Nothing, "T12",
        "a panic of the function is kept in its future with its message, and the executor goes on";
    submit::an_error_without_a_text_is_a_failure_too, Nothing, "F30",
        "an `Err` of the function is the error of its future, also where the error has nothing to say";
    submit::each_call_runs_once, Nothing, "E01",
        "a call that is submitted runs exactly once";
    submit::a_text_comes_through_unchanged, Nothing, "P19",
        "arguments and results of any size arrive as they were sent";
    submit::try_submit_and_submit_now_run_the_call_too, Nothing, "E01",
        "whichever way a call is submitted, it runs, or is given back";
    submit::a_call_lets_go_of_its_arguments, Nothing, "E29, P36",
        "arguments are dropped when the call has run, although its future is kept";
    submit::calls_from_many_threads_all_come_back, Nothing, "T23",
        "no call is lost where several threads submit at once";
    submit::submit_returns_before_the_call_has_run, Unbounded, "E01",
        "submit does not wait for the call, nor for room among the workers";
    submit::calls_run_at_the_same_time, Workers, "T02, P01",
        "as many calls run at once as there are workers";
    submit::no_more_calls_run_than_there_are_workers, Known, "T02, P01",
        "no more calls run at once than there are workers; the next begins when one ends";
    submit::calls_start_in_the_order_of_submission, Known, "E03",
        "work is taken first-in first-out";
    many::no_call_and_no_worker_is_lost, Nothing, "T12, T23",
        "of thousands of calls from several threads none is lost, and afterwards all workers are still there";

    cancel::a_queued_call_can_be_cancelled_and_never_runs, Queue, "F02, F05, F06, T20",
        "a call that is cancelled before it starts is cancelled at once and never runs";
    cancel::a_cancelled_call_lets_go_of_its_arguments, Queue, "E29",
        "the arguments of a call that was cancelled and never runs are dropped";
    cancel::a_running_call_cannot_be_cancelled, Pool, "F03",
        "cancel refuses a call that runs, which then ends as if nothing had been";
    cancel::an_ended_call_cannot_be_cancelled, Nothing, "F04",
        "cancel refuses a call that has ended, and changes nothing";
    cancel::the_states_follow_each_other, Queue, "F01, F07, F08",
        "a call is pending, then running, then done";
    cancel::a_cancel_ends_every_wait, Queue, "F12, F32",
        "a cancel wakes who waits for the future, in whatever way";
    cancel::a_call_that_is_asked_to_stop_ends_at_its_checkpoint, Pool, "F03",
        "a running call hears of a request to stop at its next checkpoint";

    callback::a_callback_sees_the_end, Nothing, "F17",
        "a done callback is given the outcome: value, error or panic";
    callback::callbacks_run_once_and_in_order, Nothing, "F16",
        "done callbacks run once each, in the order in which they were added";
    callback::a_late_callback_runs_at_once, Nothing, "F20",
        "a callback that is added to an ended future runs here and now";
    callback::a_callback_that_panics_hurts_nobody, Nothing, "F19, F22, T16",
        "a panic in a callback stops neither the other callbacks nor the executor";
    callback::a_callback_may_submit, Nothing, "F23, T19",
        "the executor calls nobody's code under its lock: a callback may submit";
    inside::a_call_may_submit, Here, "T19",
        "a call may submit to the executor that runs it";
    inside::a_call_may_wait_for_another, HereKnown, "T17, T19",
        "a call may wait for one that it submitted where a worker is free, and elsewhere give up waiting and end";

    wait::a_future_given_twice_is_waited_for_once, Nothing, "W03",
        "wait takes a future that is given twice for one";
    wait::wait_for_the_first_ends_with_one, Nothing, "W05, W09",
        "wait for the first returns when one call has ended, or was cancelled";
    wait::wait_for_the_first_takes_what_is_there, Nothing, "W05",
        "wait for the first returns at once where calls have ended already";
    wait::wait_for_an_exception_ends_with_one, Nothing, "W06",
        "wait for the first exception returns when a call fails, not when one succeeds";
    wait::wait_for_an_exception_passes_over_other_ends, Nothing, "W07, W08, W09",
        "neither a success nor a cancellation is an exception to wait";
    wait::wait_for_an_exception_takes_one_that_is_there, Nothing, "W08",
        "wait for the first exception returns at once where a call has failed already";
    wait::wait_for_all_ends_with_the_last, Nothing, "W01, W04",
        "wait for all returns all calls, however they ended";
    wait::a_timed_wait_gives_two_sets, Pool, "W10",
        "wait whose time runs out gives what has ended and what has not, and cancels nothing";
    wait::calls_that_end_at_once_are_all_counted, Nothing, "W15",
        "no end is lost, nor counted twice, where many calls end at once";

    as_completed::each_comes_once_when_it_has_ended, Nothing, "A01, A02, A11",
        "as_completed gives each call once: those that have ended first, then the others as they end";
    as_completed::they_come_in_the_order_of_their_ends, Workers, "A01",
        "as_completed gives calls in the order in which they end";
    as_completed::it_times_out_with_a_count, Pool, "A04, A05, A07",
        "as_completed whose time runs out gives what has ended, says how many have not, and cancels nothing";
    as_completed::a_future_given_twice_comes_once, Nothing, "A03",
        "as_completed takes a future that is given twice for one";

    map::results_come_in_the_order_of_the_items, Nothing, "E06",
        "map gives results in the order of its input, whatever the chunks";
    map::it_goes_on_after_an_error, Nothing, "E07",
        "map gives the outcome of every item, also after one that failed";
    map::it_runs_all_although_nobody_looks, Nothing, "E04",
        "map that was started runs every call, whether or not its results are taken";
    map::it_takes_endless_input, Nothing, "E15",
        "map with a buffer pulls no more input than fits in";
    map::a_buffer_of_any_size_gives_all_results, Nothing, "E15",
        "map with a buffer gives the same results as without, whatever the size of the buffer";
    map::a_full_buffer_pulls_no_more_input, Nothing, "E15",
        "map whose buffer is full leaves the rest of its input where it is";
    map::it_times_out_once_and_ends, Pool, "E08",
        "map whose time runs out says so once, and ends";
    map::a_time_out_cancels_what_has_not_started, Workers, "E08",
        "map whose time runs out cancels the call that it waited for, and all behind it";
    map::a_result_that_is_there_comes_after_the_deadline_too, Known, "E09",
        "map gives a result that is there, although its time has run out";
    map::a_time_out_of_a_call_does_not_end_the_map, Nothing, "E07, X06",
        "map takes a call that failed because it waited too long for a failed call, not for its own time-out";
    map::a_dropped_map_cancels_what_has_not_started, Queue, "E10",
        "map that is dropped cancels the calls that have not started, and they never run";

    ending::dropping_the_executor_runs_what_it_accepted, Pool, "E22, T13, P32",
        "calls that were accepted run although their executor is dropped";
    ending::a_burst_before_the_end_is_run, Nothing, "E28",
        "dropping the executor right after many calls were submitted loses none and hangs nothing";
    ending::a_cancel_before_the_end_hangs_nothing, Nothing, "E28",
        "dropping the executor right after a call was cancelled hangs nothing";
}
