//! The workspace's tasks, started as `cargo xtask <task>`: one command does on any machine what CI does.

mod bench;
mod cargo;
mod ci;
mod doc;
mod loom;
mod manifest;
mod matrix;
mod ran;
mod report;
mod rows;
mod source;
mod tidy;
mod tour;
mod tree;

use std::ffi::OsString;
use std::process::ExitCode;

use lexopt::prelude::*;

use crate::report::Report;

const HELP: &str = "\
The workspace's tasks.

Usage: cargo xtask <task>

  ci            everything that must hold: fmt, tidy, clippy, tests, pages, rustdoc, examples, loom models
  tour [DIR]    a walk through the library on the files of DIR (default: this workspace)
  matrix        runs all tests and makes docs/compat-matrix.{md,html} and docs/conformance.md of what
                came out; with --check it writes nothing, and fails if a page is stale
  bench [ARGS]  the table of ratios against other libraries; ARGS go to the benchmark as they are
  tidy          the house rules that no compiler checks
  loom          the models of every race, run by loom
  doc           the documentation, warnings being errors

Each task prints timed sections and ends with one line of summary. A section that fails does
not stop the others: what failed is listed at the end, with the command that runs it again.

Environment: LOOM_MAX_PREEMPTIONS (default 3) bounds the models; CARGO_TARGET_DIR is honoured;
ci sets CF_SHORT=1 for the examples it runs.
";

/// What the command line asks for.
#[derive(Debug, PartialEq)]
enum Task {
    Ci,
    Tour(Option<OsString>),
    Matrix(matrix::Mode),
    Bench(Vec<OsString>),
    Tidy,
    Loom,
    Doc,
    Help,
}

fn main() -> ExitCode {
    let task = match parse(lexopt::Parser::from_env()) {
        Ok(task) => task,
        Err(error) => {
            eprintln!("cargo xtask: {error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let outcome = match task {
        Task::Ci => report("ci", ci::run),
        Task::Tour(dir) => report("tour", |report| tour::run(report, dir)),
        Task::Matrix(mode) => report("matrix", |report| matrix::run(report, mode)),
        Task::Bench(args) => report("bench", |report| bench::run(report, args)),
        Task::Tidy => report("tidy", tidy::run),
        Task::Loom => report("loom", loom::run),
        Task::Doc => report("doc", doc::run),
        Task::Help => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("cargo xtask: {error}");
        ExitCode::FAILURE
    })
}

fn report<F>(task: &'static str, run: F) -> Result<ExitCode, String>
where
    F: FnOnce(&mut Report) -> Result<(), String>,
{
    let mut report = Report::new(task);
    run(&mut report)?;
    Ok(report.finish())
}

fn parse(mut parser: lexopt::Parser) -> Result<Task, lexopt::Error> {
    let name = match parser.next()? {
        None | Some(Long("help") | Short('h')) => return Ok(Task::Help),
        Some(Value(name)) => name.string()?,
        Some(other) => return Err(other.unexpected()),
    };
    let mut task = match name.as_str() {
        // Everything that follows belongs to the benchmark, `--help` too.
        "bench" => return Ok(Task::Bench(parser.raw_args()?.collect())),
        "ci" => Task::Ci,
        "doc" => Task::Doc,
        "help" => Task::Help,
        "loom" => Task::Loom,
        "matrix" => Task::Matrix(matrix::Mode::Write),
        "tidy" => Task::Tidy,
        "tour" => Task::Tour(None),
        _ => return Err(format!("there is no task `{name}`").into()),
    };
    while let Some(arg) = parser.next()? {
        match (arg, &mut task) {
            (Long("help") | Short('h'), _) => return Ok(Task::Help),
            (Value(value), Task::Tour(dir @ None)) => *dir = Some(value),
            (Long("check"), Task::Matrix(mode)) => *mode = matrix::Mode::Check,
            (other, _) => return Err(other.unexpected()),
        }
    }
    Ok(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Task, String> {
        parse(lexopt::Parser::from_args(args)).map_err(|error| error.to_string())
    }

    #[test]
    fn each_task_is_found_by_name() {
        assert_eq!(parsed(&["ci"]), Ok(Task::Ci));
        assert_eq!(parsed(&["tidy"]), Ok(Task::Tidy));
        assert_eq!(parsed(&["loom"]), Ok(Task::Loom));
        assert_eq!(parsed(&["doc"]), Ok(Task::Doc));
        assert_eq!(parsed(&["tour"]), Ok(Task::Tour(None)));
        assert_eq!(parsed(&["matrix"]), Ok(Task::Matrix(matrix::Mode::Write)));
        assert_eq!(
            parsed(&["matrix", "--check"]),
            Ok(Task::Matrix(matrix::Mode::Check))
        );
    }

    #[test]
    fn no_task_and_help_print_the_help() {
        for args in [&[][..], &["help"], &["--help"], &["-h"], &["ci", "--help"]] {
            assert_eq!(parsed(args), Ok(Task::Help), "{args:?}");
        }
    }

    #[test]
    fn bench_passes_its_arguments_on_as_they_are() {
        let args = ["bench", "--quick", "-n", "3", "--", "x"];
        let expected = args[1..].iter().map(OsString::from).collect();
        assert_eq!(parsed(&args), Ok(Task::Bench(expected)));
    }

    #[cfg(unix)]
    #[test]
    fn the_directory_of_the_tour_need_not_be_utf_8() {
        use std::os::unix::ffi::OsStringExt;

        let dir = OsString::from_vec(vec![b'd', 0xff]);
        let parser = lexopt::Parser::from_args([OsString::from("tour"), dir.clone()]);
        assert_eq!(parse(parser).unwrap(), Task::Tour(Some(dir)));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert_eq!(parsed(&["tuor"]), Err("there is no task `tuor`".into()));
        assert!(parsed(&["ci", "extra"]).is_err());
        assert!(parsed(&["tour", "a", "b"]).is_err());
        assert!(parsed(&["--quick"]).is_err());
        assert!(parsed(&["ci", "--check"]).is_err());
    }
}
