//! The tour: one real job on real files, then every part of the library, each with its code and its numbers.
//!
//! Run it with `cargo xtask tour [DIR]`; without DIR it reads the workspace's own files.

#![forbid(unsafe_code)]

mod bars;
mod bounding;
mod bridging;
mod callbacks;
mod cancelling;
mod chaining;
mod completing;
#[cfg(unix)]
mod crashing;
#[cfg(unix)]
mod crossing;
mod deadlocking;
mod digest;
mod executing;
mod failing;
mod gate;
mod gathering;
mod mapping;
mod measuring;
mod page;
mod reading;
mod scoping;
mod stopping;
mod sys;
mod ticking;
mod waiting;
mod walk;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::BoxError;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use page::Page;

/// Directories of the workspace that the default run leaves out: built things, and git's own files.
const LEFT_OUT: &[&str] = &["target", ".git"];
/// How long a chapter of small examples may take before it is called stuck.
const STUCK_AFTER: Duration = Duration::from_secs(60);
/// What a shell reports for a program that was ended by Ctrl-C.
const INTERRUPTED: i32 = 130;

type Chapter = fn(&mut Page) -> Result<(), BoxError>;

const CHAPTERS: &[(&str, Chapter)] = &[
    ("waiting", waiting::run),
    ("completing", completing::run),
    ("callbacks", callbacks::run),
    ("chaining", chaining::run),
    ("cancelling", cancelling::run),
    ("failing", failing::run),
    ("bounding", bounding::run),
    ("scoping", scoping::run),
    ("stopping", stopping::run),
    ("gathering", gathering::run),
    ("mapping", mapping::run),
    ("deadlocking", deadlocking::run),
    ("executing", executing::run),
    ("bridging", bridging::run),
    ("ticking", ticking::run),
    #[cfg(unix)]
    ("crossing", crossing::run),
    #[cfg(unix)]
    ("crashing", crashing::run),
];

fn main() -> ExitCode {
    // Does not return in the worker processes of the last chapters.
    #[cfg(unix)]
    concurrent_futures::init();
    #[cfg(unix)]
    if let Some(meeting) = env::var_os(crashing::MEETING) {
        return ended(crashing::be_killed(&meeting));
    }
    let (root, left_out) = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let bar = progress_bar();
    if let Err(error) = end_on_interrupt(bar.clone()) {
        eprintln!("tour: Ctrl-C will end it without a last line: {error}");
    }
    mute_panics_of_tasks();

    let begun = Instant::now();
    let mut page = Page::new();
    let outcome = reading::run(&mut page, &root, left_out, &bar);
    bar.finish_and_clear();
    for &(name, chapter) in CHAPTERS {
        watched(name, &mut page, chapter);
    }
    match outcome {
        Ok(job) => watched("measuring", &mut page, |page| measuring::run(page, &job)),
        Err(error) => page.check(
            false,
            &format!("the main job ends without an error: {error}"),
        ),
    }
    if page.close(begun.elapsed()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// How a program ends that is to be killed, and was not.
#[cfg(unix)]
fn ended(outcome: Result<(), BoxError>) -> ExitCode {
    if let Err(error) = outcome {
        eprintln!("tour: {error}");
    }
    ExitCode::FAILURE
}

/// The directory to read and what to leave out of it, or what is wrong with the arguments.
fn arguments() -> Result<(PathBuf, &'static [&'static str]), String> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let usage = "usage: cargo xtask tour [DIR]\n\nReads every file under DIR (default: this workspace), then shows the library.";
    let (root, left_out) = match &arguments[..] {
        [] => (workspace(), LEFT_OUT),
        [flag] if flag == "-h" || flag == "--help" => {
            println!("{usage}");
            process::exit(0);
        }
        [dir] => (PathBuf::from(dir), &[][..]),
        _ => return Err(usage.to_owned()),
    };
    match fs::metadata(&root) {
        Ok(metadata) if metadata.is_dir() => Ok((root, left_out)),
        Ok(_) => Err(format!("tour: {} is not a directory", root.display())),
        Err(error) => Err(format!("tour: cannot read {}: {error}", root.display())),
    }
}

/// The root of this workspace, or the current directory where the sources have moved away.
fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .filter(|root| root.is_dir())
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// A bar on stderr; where stderr is not a terminal nothing is drawn.
fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let template = "{bar:30} {bytes} of {total_bytes}, {elapsed} so far, {eta} to go";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// Ends the program at once on Ctrl-C, with the bar cleared and a last line.
fn end_on_interrupt(bar: ProgressBar) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(move || {
        bar.finish_and_clear();
        eprintln!("\ntour: interrupted; it only reads, so nothing was changed");
        process::exit(INTERRUPTED);
    })
}

/// The tour panics on purpose in tasks and callbacks, on threads of a pool; only a panic of its own is printed.
fn mute_panics_of_tasks() {
    let print = panic::take_hook();
    let main = thread::current().id();
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == main {
            print(info);
        }
    }));
}

/// Runs a chapter; an error in it is a failed check, and one that hangs ends the tour.
fn watched(
    name: &'static str,
    page: &mut Page,
    chapter: impl FnOnce(&mut Page) -> Result<(), BoxError>,
) {
    let (finished, watch) = mpsc::channel::<()>();
    thread::spawn(move || {
        if watch.recv_timeout(STUCK_AFTER) == Err(RecvTimeoutError::Timeout) {
            eprintln!("tour: the chapter `{name}` is stuck");
            process::exit(1);
        }
    });
    if let Err(error) = chapter(page) {
        page.check(
            false,
            &format!("the chapter `{name}` ends without an error: {error}"),
        );
    }
    drop(finished);
}
