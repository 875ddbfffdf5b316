//! A case: one workload at one size, run in a child process of its own.
//!
//! The child is this executable with the same arguments and `CF_BENCH_CASE` set to the case's id. It pins itself first if
//! the case asks for that, before any other thread exists, so every thread inherits the affinity. It answers with
//! JSON on its standard output; progress goes to standard error. A child that is not done in time is killed.

use std::{
    env,
    io::Read as _,
    process::{Child, Command, ExitCode, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    measured::{Measured, Report},
    rounds::Size,
    sys,
};

const CASE_VARIABLE: &str = "CF_BENCH_CASE";

/// One workload at one size.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) pinned: bool,
    pub(crate) run: Box<dyn FnOnce() -> Vec<Measured>>,
}

impl Case {
    pub(crate) fn new(
        id: impl Into<String>,
        run: impl FnOnce() -> Vec<Measured> + 'static,
    ) -> Self {
        Self {
            id: id.into(),
            pinned: false,
            run: Box::new(run),
        }
    }

    pub(crate) fn pinned(self) -> Self {
        Self {
            pinned: true,
            ..self
        }
    }
}

/// The id of the case that this process was started for, if it was started for one.
pub(crate) fn asked_of_this_process() -> Option<String> {
    env::var(CASE_VARIABLE).ok()
}

/// Runs one case in this process and prints what it measured as JSON.
pub(crate) fn run_here(cases: Vec<Case>, id: &str) -> ExitCode {
    let Some(case) = cases.into_iter().find(|case| case.id == id) else {
        eprintln!("no case is called {id}");
        return ExitCode::FAILURE;
    };
    // Who asked for it may be killed, and then nobody wants to know.
    if let Err(error) = sys::end_with_parent() {
        eprintln!("{id}: would outlive its parent: {error}");
        return ExitCode::FAILURE;
    }
    if case.pinned
        && let Err(error) = sys::pin_to_last_core()
    {
        eprintln!("{id}: cannot pin to one core: {error}");
        return ExitCode::FAILURE;
    }
    match serde_json::to_string(&(case.run)()) {
        Ok(json) => println!("{json}"),
        Err(error) => {
            eprintln!("{id}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Runs all cases one after the other, each in a child process.
pub(crate) fn run_all(cases: &[Case], size: Size) -> Report {
    let mut report = Report::new(size.name);
    for (index, case) in cases.iter().enumerate() {
        eprintln!("[{}/{}] {}", index + 1, cases.len(), case.id);
        let started = Instant::now();
        match run_in_child(&case.id, size.time_limit) {
            Ok(measured) => {
                eprintln!("    {:.1} s", started.elapsed().as_secs_f64());
                report.add(measured);
            }
            Err(reason) => {
                eprintln!("    FAILED: {reason}");
                report.failed.push(format!("{}: {reason}", case.id));
            }
        }
    }
    report
}

fn run_in_child(id: &str, time_limit: Duration) -> Result<Vec<Measured>, String> {
    let executable = env::current_exe().map_err(|error| error.to_string())?;
    let mut child = Command::new(executable)
        .args(env::args_os().skip(1))
        .env(CASE_VARIABLE, id)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let output = output_in_time(&mut child, time_limit);
    if output.is_none() {
        // It may have ended by itself in the meantime, and then there is nothing to kill.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let output = output.ok_or_else(|| format!("not done after {} s", time_limit.as_secs()))?;
    if !status.success() {
        return Err(status.to_string());
    }
    serde_json::from_str(&output).map_err(|error| error.to_string())
}

/// All that the child prints until it closes its standard output; nothing if that takes too long.
fn output_in_time(child: &mut Child, time_limit: Duration) -> Option<String> {
    let mut stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut output = String::new();
        if stdout.read_to_string(&mut output).is_ok() {
            // Nobody listens once the limit has passed.
            let _ = sender.send(output);
        }
    });
    receiver.recv_timeout(time_limit).ok()
}
