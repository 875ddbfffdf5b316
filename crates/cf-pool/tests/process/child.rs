//! Tests that need a process of their own: the test binary again, for one test.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::gate::LONG;

const CHILD: &str = "CF_POOL_CHILD";

pub(crate) fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Starts this test in a process of its own, in a process group of its own.
pub(crate) fn spawn(test: &str, settings: impl FnOnce(&mut Command)) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--test-threads=1", "--nocapture"])
        .env(CHILD, "1")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    settings(&mut command);
    command.spawn().unwrap()
}

/// Waits for the end of a child, which must be a good one; gives what it printed.
pub(crate) fn finish(mut child: Child, input: &str) -> Output {
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let pid = child.id();
    let watch = thread::spawn(move || child.wait_with_output().unwrap());
    let deadline = Instant::now() + LONG;
    while !watch.is_finished() {
        if Instant::now() > deadline {
            crate::way::signal(pid, rustix::process::Signal::KILL);
            let output = watch.join().unwrap();
            panic!("the child hangs: {}", told(&output));
        }
        // time: looking after a process without blocking on it
        thread::sleep(Duration::from_millis(5));
    }
    let output = watch.join().unwrap();
    assert!(
        output.status.success(),
        "{}: {}",
        output.status,
        told(&output)
    );
    output
}

fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Runs `body` in a process of its own; `test` is the path of the test that calls it.
pub(crate) fn in_child(test: &str, body: impl FnOnce()) {
    if is_child() {
        return body();
    }
    finish(spawn(test, |_| {}), "");
}

/// In a child: ends the line on which the test harness has told the name of the test.
pub(crate) fn end_line() {
    println!();
}
