//! The kit itself: it passes a good executor, names the rule that a bad one breaks, and asks every rule where it applies.

mod toy;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use cf_compat_tests::kit::{Kit, Needs, Outcome, RULES, Report, Rule, Subject, Traits, check};
use cf_core::InlineExecutor;

use self::toy::{Flaw, Toy, Twice};
use crate::{
    executors::{EXECUTORS, bounded_pool, process_pool, rayon_pool, thread_pool},
    test_as_completed, test_executor, test_future, test_shutdown, test_thread_pool, test_wait,
    watch::LONG,
};

/// For toys, which are quick or hang.
const TOY_LIMIT: Duration = Duration::from_secs(20);
// time: it must run out for an executor that hangs, and is waited for in full
const SHORT: Duration = Duration::from_secs(1);

fn check_toy(flaw: Flaw, n_workers: usize) -> Report {
    let kit = Kit::new(move || Toy::new(flaw, n_workers));
    kit.workers(n_workers).time_limit(TOY_LIMIT).check()
}

/// Checks one rule of an executor that hangs at it.
fn check_hanging(flaw: Flaw, rule: &str) -> Report {
    check_hanging_of(flaw, 1, rule)
}

fn check_hanging_of(flaw: Flaw, n_workers: usize, rule: &str) -> Report {
    let kit = Kit::new(move || Toy::new(flaw, n_workers)).traits(Traits {
        workers: Some(n_workers),
        ..Traits::default()
    });
    kit.time_limit(SHORT).check_rule(rule)
}

/// What was seen when the rule was broken.
fn seen(report: &Report, rule: &str) -> String {
    match report.outcome(rule) {
        Some(Outcome::Broken(what)) => what.clone(),
        other => panic!("{rule}: {other:?}"),
    }
}

#[test]
fn a_good_executor_keeps_every_rule_that_it_is_asked() {
    let report = check_toy(Flaw::None, 1);
    report.assert();
    let not_asked = report
        .outcomes()
        .filter(|(_, outcome)| matches!(outcome, Outcome::NotAsked(_)))
        .map(|(rule, _)| rule.name);
    let not_asked: Vec<_> = not_asked.collect();
    assert_eq!(
        not_asked,
        [
            "calls_run_at_the_same_time",
            "they_come_in_the_order_of_their_ends",
            "a_time_out_cancels_what_has_not_started"
        ]
    );
}

/// Each flaw, with so many workers, breaks its rules and no others.
macro_rules! flaws {
    ($($test:ident: $flaw:ident, $n_workers:literal breaks $($rule:literal),+;)+) => {$(
        #[test]
        fn $test() {
            let report = check_toy(Flaw::$flaw, $n_workers);
            assert_eq!(report.broken(), [$($rule),+], "{report}");
        }
    )+};
}

flaws! {
    a_cancelled_call_that_runs_is_noticed: RunsCancelled, 1
        breaks "a_queued_call_can_be_cancelled_and_never_runs",
            "a_dropped_map_cancels_what_has_not_started";
    a_lost_panic_is_noticed: LosesPanics, 1
        breaks "a_panic_is_the_failure_of_its_call_alone", "no_call_and_no_worker_is_lost",
            "a_callback_sees_the_end";
    a_lost_error_is_noticed: LosesErrors, 1
        breaks "an_error_is_the_failure_of_its_call_alone",
            "an_error_without_a_text_is_a_failure_too", "a_callback_sees_the_end";
    a_stack_instead_of_a_queue_is_noticed: TakesTheLastFirst, 1
        breaks "calls_start_in_the_order_of_submission";
    a_stack_instead_of_a_queue_before_several_workers_is_noticed: TakesTheLastFirst, 2
        breaks "calls_start_in_the_order_of_submission";
    priorities_are_noticed: HasPriorities, 2
        breaks "calls_start_in_the_order_of_submission";
    a_lost_call_among_a_thousand_is_noticed: LosesOneInAThousand, 2
        breaks "no_call_and_no_worker_is_lost";
    an_argument_of_a_cancelled_call_that_is_kept_is_noticed: KeepsCancelled, 2
        breaks "a_cancelled_call_lets_go_of_its_arguments";
    a_start_that_is_told_too_early_is_noticed: StartsInSubmit, 1
        breaks "a_queued_call_can_be_cancelled_and_never_runs",
            "a_cancelled_call_lets_go_of_its_arguments", "the_states_follow_each_other",
            "a_cancel_ends_every_wait", "a_dropped_map_cancels_what_has_not_started";
    a_refusal_without_a_reason_is_noticed: RefusesToTry, 1
        breaks "try_submit_and_submit_now_run_the_call_too", "it_times_out_once_and_ends",
            "a_time_out_of_a_call_does_not_end_the_map";
    a_deaf_executor_is_noticed: HearsNoRequests, 1
        breaks "a_call_that_is_asked_to_stop_ends_at_its_checkpoint";
}

#[test]
fn a_queue_that_is_lost_at_the_end_is_noticed() {
    let report = check_toy(Flaw::LosesTheQueue, 1);
    let rule = "dropping_the_executor_runs_what_it_accepted";
    let what = seen(&report, rule);
    assert!(what.contains("the promise was dropped"), "{what}");
    // A burst may be over before the end comes.
    let may_break = [rule, "a_burst_before_the_end_is_run"];
    assert!(
        report.broken().iter().all(|it| may_break.contains(it)),
        "{report}"
    );
}

#[test]
fn a_call_that_runs_twice_is_noticed() {
    let report = Kit::new(|| Twice)
        .time_limit(LONG)
        .check_rule("each_call_runs_once");
    let what = seen(&report, "each_call_runs_once");
    assert!(what.contains("ran 2 times"), "{what}");
}

#[test]
fn arguments_that_are_kept_are_noticed() {
    let kit = Kit::new(|| Twice).time_limit(SHORT);
    let report = kit.check_rule("a_call_lets_go_of_its_arguments");
    seen(&report, "a_call_lets_go_of_its_arguments");
}

#[test]
fn an_executor_that_never_fulfils_is_told_so_and_asked_nothing_more() {
    let kit = Kit::new(|| Toy::new(Flaw::NeverFulfils, 1)).workers(1);
    let report = kit.time_limit(SHORT).check();
    assert_eq!(report.broken(), ["a_call_gives_its_value"]);
    let what = seen(&report, "a_call_gives_its_value");
    assert_eq!(
        what,
        "the time limit of 1s ran out while waiting for a call to end: 0 of 1 calls had ended, and none did \
         meanwhile; an executor that is only slow needs a longer `Kit::time_limit`"
    );
    let n_not_asked = report.outcomes().filter(|(_, outcome)| {
        *outcome == &Outcome::NotAsked("`a_call_gives_its_value` is broken".to_owned())
    });
    assert_eq!(n_not_asked.count(), RULES.len() - 1);
}

#[test]
fn a_callback_that_cannot_submit_is_a_broken_rule_and_no_hang() {
    let report = check_hanging(Flaw::CallsUnderItsLock, "a_callback_may_submit");
    let what = seen(&report, "a_callback_may_submit");
    assert!(
        what.contains("while waiting for a callback that submits"),
        "{what}"
    );
}

#[test]
fn a_drop_that_hangs_is_a_broken_rule_and_no_hang() {
    let report = check_hanging(Flaw::HangsAtTheEnd, "a_call_gives_its_value");
    let what = seen(&report, "a_call_gives_its_value");
    assert!(what.contains("while dropping the executor"), "{what}");
}

#[test]
fn fewer_workers_than_it_is_said_to_have_are_noticed() {
    let kit = Kit::new(|| Toy::new(Flaw::None, 1)).workers(2);
    let report = kit
        .time_limit(SHORT)
        .check_rule("calls_run_at_the_same_time");
    let what = seen(&report, "calls_run_at_the_same_time");
    assert!(
        what.contains("while waiting until all workers are busy"),
        "{what}"
    );
}

#[test]
fn more_workers_than_it_is_said_to_have_are_noticed() {
    for n_workers in [1, 2] {
        let rule = "no_more_calls_run_than_there_are_workers";
        let kit = Kit::new(|| Toy::new(Flaw::HasOneMore, n_workers)).workers(n_workers);
        let what = seen(&kit.time_limit(LONG).check_rule(rule), rule);
        let expected = format!("while {n_workers} calls ran");
        assert!(what.starts_with(&expected), "{what}");
    }
}

#[test]
fn a_worker_that_leaves_after_many_calls_is_noticed() {
    let rule = "no_call_and_no_worker_is_lost";
    let report = check_hanging_of(Flaw::LeavesAfterManyCalls, 2, rule);
    let what = seen(&report, rule);
    let expected = "while waiting until all workers are busy once more";
    assert!(what.contains(expected), "{what}");
}

#[test]
fn a_call_that_cannot_submit_is_a_broken_rule_and_no_hang() {
    for rule in ["a_call_may_submit", "a_call_may_wait_for_another"] {
        let what = seen(&check_hanging(Flaw::CallsUnderItsLock, rule), rule);
        assert!(what.contains("while waiting for a call that"), "{what}");
    }
}

#[test]
fn an_executor_that_is_only_slow_is_not_broken() {
    // Of one worker, each would take longer than the limit if it were one of the whole rule.
    for rule in [
        "a_burst_before_the_end_is_run",
        "calls_from_many_threads_all_come_back",
    ] {
        let started = Instant::now();
        check_hanging(Flaw::IsSlow, rule).assert();
        assert!(started.elapsed() > SHORT);
    }
    // Here it is asked as many calls as it can do in half the limit.
    check_hanging(Flaw::IsSlow, "no_call_and_no_worker_is_lost").assert();
}

/// An executor that promises no order breaks the rule of the order where it can be asked, and no other ever.
#[test]
fn an_executor_without_an_order_is_not_failed_for_anything_else() {
    let order = "calls_start_in_the_order_of_submission";
    for (flaw, n_workers) in [(Flaw::TakesTheLastFirst, 1), (Flaw::HasPriorities, 3)] {
        let kit = Kit::new(move || Toy::new(flaw, n_workers)).time_limit(TOY_LIMIT);
        let report = kit.check();
        report.assert();
        let why = "nobody said how many workers it has: `Kit::workers`";
        let expected = Outcome::NotAsked(why.to_owned());
        assert_eq!(report.outcome(order), Some(&expected));
        assert_eq!(report.traits().seen_at_once, n_workers);
        let kit = kit.workers(n_workers);
        kit.except(order, "no order is promised").check().assert();
    }
}

#[test]
fn threads_that_take_turns_are_one_worker() {
    let kit = Kit::new(|| Toy::new(Flaw::OneAtATime, 4)).time_limit(TOY_LIMIT);
    let report = kit.check();
    report.assert();
    assert_eq!(report.traits().seen_at_once, 1);
}

#[test]
fn a_bounded_queue_is_found_out_and_no_flaw() {
    let kit = Kit::new(|| bounded_pool(2)).time_limit(LONG);
    let report = kit.check();
    report.assert();
    assert!(report.traits().is_bounded);
    assert_eq!(report.traits().seen_at_once, 2);
    let rule = "submit_returns_before_the_call_has_run";
    let why = "its queue has a bound, so that `submit` may wait for room";
    let expected = Outcome::NotAsked(why.to_owned());
    assert_eq!(report.outcome(rule), Some(&expected));
    Kit::new(|| bounded_pool(1))
        .time_limit(LONG)
        .workers(1)
        .check()
        .assert();
}

#[test]
fn calls_of_which_none_queues_are_told_apart_from_a_breach() {
    let report = check(|| Toy::new(Flaw::None, 40));
    report.assert();
    let outcome = report.outcome("a_queued_call_can_be_cancelled_and_never_runs");
    let Some(Outcome::NotAsked(why)) = outcome else {
        panic!("{report}");
    };
    assert!(why.ends_with("`Kit::workers`"), "{why}");
    let report = Kit::new(|| Toy::new(Flaw::RunsCancelled, 4)).check();
    let rules = [
        "a_queued_call_can_be_cancelled_and_never_runs",
        "a_dropped_map_cancels_what_has_not_started",
    ];
    assert_eq!(report.broken(), rules, "{report}");
}

#[test]
#[should_panic(expected = "an executor has one worker at least")]
fn it_cannot_have_no_workers() {
    let _ = Kit::new(InlineExecutor::new).workers(0);
}

#[test]
fn a_panic_of_submit_is_a_broken_rule() {
    let report = check_hanging(Flaw::PanicsInSubmit, "a_call_gives_its_value");
    let what = seen(&report, "a_call_gives_its_value");
    assert_eq!(what, "it panicked: the toy is broken");
}

#[test]
fn the_report_says_what_is_broken_and_assert_panics_with_it() {
    let report = check_hanging(Flaw::PanicsInSubmit, "a_call_gives_its_value");
    let text = report.to_string();
    assert_eq!(
        text,
        "0 rules kept, 1 broken, 0 not asked\n\
         BROKEN a_call_gives_its_value (E01)\n\
         \x20 the rule: submit gives a future of what the call returns\n\
         \x20 what happened: it panicked: the toy is broken\n"
    );
    let payload = std::panic::catch_unwind(|| report.assert()).unwrap_err();
    assert_eq!(payload.downcast_ref::<String>(), Some(&text));
}

#[test]
fn a_rule_may_be_excepted_with_a_reason() {
    let rule = "calls_start_in_the_order_of_submission";
    let kit = Kit::new(|| Toy::new(Flaw::TakesTheLastFirst, 1)).workers(1);
    let kit = kit.time_limit(LONG).except(rule, "it is a stack");
    let report = kit.check_rule(rule);
    report.assert();
    let why = Outcome::NotAsked("it is a stack".to_owned());
    assert_eq!(report.outcome(rule), Some(&why));
}

#[test]
#[should_panic(expected = "there is no rule `no_such_rule`")]
fn a_rule_that_is_not_there_cannot_be_excepted() {
    let _ = Kit::new(InlineExecutor::new).except("no_such_rule", "why not");
}

/// Checks an executor of which nothing is told.
fn found<E: Subject>(factory: impl Fn() -> E) -> (bool, bool) {
    let report = Kit::new(factory).time_limit(LONG).check();
    report.assert();
    let Traits {
        runs_inline,
        crosses_processes,
        workers,
        is_bounded,
        ..
    } = report.traits();
    assert!(workers.is_none() && !is_bounded);
    (runs_inline, crosses_processes)
}

#[test]
fn it_finds_out_that_threads_are_elsewhere() {
    assert_eq!(found(|| thread_pool(3)), (false, false));
    assert_eq!(found(|| thread_pool(1)), (false, false));
    assert_eq!(found(|| rayon_pool(3)), (false, false));
}

#[test]
fn it_finds_out_that_processes_are_elsewhere() {
    assert_eq!(found(|| process_pool(3)), (false, true));
}

#[test]
fn it_finds_out_that_the_callers_thread_is_here() {
    assert_eq!(found(InlineExecutor::new), (true, false));
    check(InlineExecutor::new).assert();
}

#[test]
fn rules_have_names_of_their_own_and_rows() {
    let names: BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), RULES.len());
    for Rule { rows, says, .. } in RULES {
        let is_row = |row: &str| row.len() == 3 && row[1..].parse::<u8>().is_ok();
        assert!(rows.split(", ").all(is_row), "{rows}");
        assert!(!says.ends_with('.'), "{says}");
    }
}

#[test]
fn the_tables_have_each_rule_where_it_applies() {
    let tables = [
        test_as_completed::TABLE,
        test_executor::TABLE,
        test_future::TABLE,
        test_shutdown::TABLE,
        test_thread_pool::TABLE,
        test_wait::TABLE,
    ];
    let in_tables: BTreeSet<_> = tables.iter().copied().flatten().collect();
    let n_lines: usize = tables.iter().map(|table| table.len()).sum();
    assert_eq!(n_lines, RULES.len());
    for rule in RULES {
        let (_, executors) = in_tables
            .iter()
            .find(|(name, _)| *name == rule.name)
            .unwrap_or_else(|| panic!("{} is in no table", rule.name));
        let of_several = EXECUTORS.iter().filter(|(_, it)| it.workers != Some(1));
        let of_one = EXECUTORS.iter().filter(|(_, it)| it.workers == Some(1));
        let apply = |it: &&(&'static str, Traits)| rule.applies_to(&it.1);
        let mut expected: Vec<_> = of_several.filter(apply).map(|(name, _)| *name).collect();
        // What is said of a number of workers is asked of one too.
        if matches!(rule.needs, Needs::Known | Needs::HereKnown) {
            expected.extend(of_one.filter(apply).map(|(name, _)| *name));
        }
        assert_eq!(*executors, expected, "{}", rule.name);
    }
}
