//! The matrix, executed: one trial a cell, named `operation::kind`.
//!
//! Beside them one trial a compile-fail case that no cell is pinned by, named `case::name`; one of them
//! compiles the code that the cells give for crossing.
//!
//! With `CF_CELLS_REPORT=<path>` what came out is written there as JSON; with `TRYBUILD=overwrite` the messages of the
//! compile-fail cases are pinned anew.

mod cases;
mod fixes;
mod report;
mod running;
mod warnings;

use std::{env, process::ExitCode, sync::Arc};

use cases::Cases;
use cf_compat_tests::matrix::{Cell, Ours, cells};
use libtest_mimic::{Arguments, Failed, Trial};
use report::Report;

fn main() -> ExitCode {
    cf_pool::init();
    if env::args().any(|argument| argument == cases::COMPILE) {
        cases::compile();
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    warnings::listen();
    let cases = Arc::new(Cases::default());
    let report = Report::default();
    let (run, do_not_compile): (Vec<_>, Vec<_>) = cells()
        .into_iter()
        .enumerate()
        .filter(|(_, cell)| cfg!(unix) || !cell.kind.id().starts_with("cf_process"))
        .partition(|(_, cell)| matches!(cell.ours, Ours::Runs { .. }));
    let of_cells = do_not_compile
        .iter()
        .filter_map(|(_, cell)| match &cell.ours {
            Ours::DoesNotCompile { case, .. } => Some(case.clone()),
            Ours::Runs { .. } => None,
        })
        .collect();
    let others = cases::others(&of_cells);
    // The first of these waits until all cases are compiled; meanwhile the others run, if there are threads for it.
    let mut do_not_compile = do_not_compile.into_iter();
    let first = do_not_compile.next();
    let trials = first
        .into_iter()
        .chain(run)
        .chain(do_not_compile)
        .map(|(place, cell)| trial(place, cell, &cases, &report))
        .chain(running::checks())
        .chain(others.into_iter().map(|case| case_alone(case, &cases)))
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    report.write();
    conclusion.exit_code()
}

fn trial(place: usize, cell: Cell, cases: &Arc<Cases>, report: &Report) -> Trial {
    let (cases, report) = (Arc::clone(cases), report.clone());
    let name = format!("{}::{}", cell.op, cell.kind.id());
    Trial::test(name, move || {
        let outcome = match &cell.ours {
            Ours::Runs { .. } => running::observe(&cell),
            Ours::DoesNotCompile { case, names } => cases.look_up(case, names, &cell),
        };
        let expected = match &cell.ours {
            Ours::Runs { expected, .. } => Some(*expected),
            Ours::DoesNotCompile { .. } => None,
        };
        let (observed, verdict) = match outcome {
            Ok(observed) if expected.is_none_or(|expected| observed == expected) => {
                (observed, Ok(()))
            }
            Ok(observed) => {
                let expected = expected.unwrap_or_default();
                let message = format!("expected {expected}\n     got {observed}");
                (observed, Err(Failed::from(message)))
            }
            Err(message) => (message.clone(), Err(Failed::from(message))),
        };
        report.note(place, &cell, observed, verdict.is_ok());
        verdict
    })
}

fn case_alone(case: String, cases: &Arc<Cases>) -> Trial {
    let cases = Arc::clone(cases);
    Trial::test(format!("case::{case}"), move || Ok(cases.check(&case)?))
}
