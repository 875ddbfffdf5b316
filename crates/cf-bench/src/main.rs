//! `ratios`: measures this workspace's executors next to their peers and prints one table of ratios.
//!
//! Absolute times drift on a shared machine, ratios within one run hold. So every case runs all its contenders in
//! one process, interleaved A B C A B C, and the ratio is taken in each round before the median is taken over rounds.
//! Every case has a child process of its own (see `case`), so no case inherits another's idle threads, heap or affinity.

mod case;
mod contenders;
mod measured;
mod offloaders;
mod process_pools;
mod raw;
mod rounds;
mod statistics;
mod sys;
mod table;
mod workloads;

use std::{fs, path::PathBuf, process::ExitCode};

use clap::Parser;
use measured::Report;
use rounds::Size;
use workloads::Workload;

/// Measures our executors and their peers in one run, and prints a table of ratios.
#[derive(Parser)]
#[command(name = "ratios")]
struct Arguments {
    /// Fewer tasks and three rounds instead of five: minutes become seconds, and the noise grows
    #[arg(long)]
    quick: bool,

    /// One round of next to nothing: shows that everything runs, and the figures mean nothing
    #[arg(long, conflicts_with = "quick")]
    smoke: bool,

    /// Also write all that was measured, round by round, to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// The workloads to run (all of them if none is named)
    #[arg(value_enum, value_name = "NAME")]
    workloads: Vec<Workload>,
}

fn main() -> ExitCode {
    // This executable is also every worker and every raw peer; each is told so by a variable of its own, and ends here.
    cf_pool::init();
    procspawn::init();
    raw::init();
    let arguments = Arguments::parse();
    let size = match (arguments.quick, arguments.smoke) {
        (true, _) => Size::QUICK,
        (_, true) => Size::SMOKE,
        _ => Size::FULL,
    };
    let cases = workloads::cases(&arguments.workloads, size);
    if let Some(id) = case::asked_of_this_process() {
        return case::run_here(cases, &id);
    }
    let report = case::run_all(&cases, size);
    print!("{}", table::render(&report));
    if let Some(path) = &arguments.json
        && let Err(error) = write_json(path, &report)
    {
        eprintln!("cannot write {}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    if report.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn write_json(path: &PathBuf, report: &Report) -> std::io::Result<()> {
    fs::write(path, serde_json::to_string_pretty(report)?)
}
