//! Running a program to its end, in the short form of the examples.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

/// Where the sources are.
pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/from_python");
/// Far more than any of them takes, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(120);

pub(crate) fn source(name: &str) -> String {
    fs::read_to_string(source_path(name)).unwrap()
}

fn source_path(name: &str) -> PathBuf {
    PathBuf::from(FOLDER).join(name).with_extension("rs")
}

/// The program as cargo has built it: `cargo test` builds the examples before it runs anything, `cargo test --test` does not.
pub(crate) fn built(name: &str) -> PathBuf {
    let tests = env::current_exe().unwrap();
    let profile = tests.ancestors().nth(2).unwrap();
    let program = profile.join("examples").join(format!("from_python_{name}"));
    let hint = "build it: cargo build -p concurrent-futures --all-features --examples";
    let Ok(metadata) = fs::metadata(&program) else {
        panic!("there is no {}; {hint}", program.display());
    };
    let changed = fs::metadata(source_path(name)).unwrap().modified().unwrap();
    let is_old = metadata.modified().unwrap() < changed;
    assert!(
        !is_old,
        "{} is older than its source; {hint}",
        program.display()
    );
    program
}

/// What it prints. It must succeed, and have nothing to complain of.
pub(crate) fn said(mut command: Command) -> String {
    let child = command
        .env("CF_SHORT", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = Pid::from_child(&child);
    let (tell, told) = mpsc::channel();
    let waiter = thread::spawn(move || tell.send(child.wait_with_output()));
    let outcome = told.recv_timeout(LIMIT);
    if outcome.is_err() {
        kill_process(pid, Signal::KILL).unwrap();
    }
    let _ = waiter.join();
    let Ok(output) = outcome else {
        panic!("{command:?} has not ended after {LIMIT:?}");
    };
    let output = output.unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{command:?}: {output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}
