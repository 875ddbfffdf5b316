//! Tests that need a process of their own: the test binary again, for one test.

use std::{
    process::{Command, Output, Stdio},
    sync::mpsc,
    thread,
};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

use crate::watch::LONG;

const CHILD: &str = "CF_CONFORMANCE_CHILD";

/// The word that a child was given, if this is one.
pub(crate) fn word() -> Option<String> {
    std::env::var(CHILD).ok()
}

/// Runs the test with this path in a process of its own, and gives how that ended.
pub(crate) fn run(test: &str, word: &str) -> Output {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1", "--nocapture"])
        .env(CHILD, word)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id();
    let (tell, told) = mpsc::channel();
    let waiting = thread::spawn(move || {
        let _ = tell.send(child.wait_with_output());
    });
    let output = told.recv_timeout(LONG);
    if output.is_err() {
        signal(pid, Signal::KILL);
    }
    waiting.join().unwrap();
    output.expect("the child hangs").unwrap()
}

/// Runs `body` in a process of its own; `test` is the path of the test that calls it.
pub(crate) fn in_child(test: &str, body: impl FnOnce()) {
    if word().is_some() {
        return body();
    }
    let output = run(test, "");
    assert!(output.status.success(), "{}", told(&output));
    let is_found = told(&output).contains("1 passed");
    assert!(is_found, "there is no test {test}: {}", told(&output));
}

/// What it printed.
pub(crate) fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Signals a process, which may be gone.
pub(crate) fn signal(pid: u32, signal: Signal) {
    let _ = kill_process(id(pid), signal);
}

/// Whether there is such a process, be it a zombie.
pub(crate) fn exists(pid: u32) -> bool {
    rustix::process::test_kill_process(id(pid)).is_ok()
}

fn id(pid: u32) -> Pid {
    Pid::from_raw(pid.try_into().unwrap()).unwrap()
}

/// From here on this process can open nothing and start nothing.
pub(crate) fn forbid_descriptors() {
    let limit = Rlimit {
        current: Some(3),
        maximum: getrlimit(Resource::Nofile).maximum,
    };
    setrlimit(Resource::Nofile, limit).unwrap();
}

/// Has this process, which is about to crash, write no core file.
pub(crate) fn leave_no_core() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).unwrap();
}
