//! A process of its own, for a test that must not meet others.

use std::{
    io::Read,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::loops::LONG;

const CHILD: &str = "AIO_BRIDGE_CHILD";

/// Runs `body` in a process of its own: the test binary again, for this one test.
pub(crate) fn in_child(test: &str, body: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        return body();
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1", "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + LONG;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the child hangs");
        }
        // time: looking after a process without blocking on it
        std::thread::sleep(Duration::from_millis(10));
    };
    let mut text = String::new();
    child.stdout.unwrap().read_to_string(&mut text).unwrap();
    assert!(status.success(), "{status}: {text}");
    assert!(text.contains("1 passed"), "there is no such test: {test}");
}
