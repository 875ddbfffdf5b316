//! A test in a process of its own: this binary once more, for that one test.

use std::{
    env,
    io::Read,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
};

use crate::LONG;

const CHILD: &str = "CF_DRILL_CHILD";

/// This binary, about to run only `test`; what it prints comes through a pipe.
pub(crate) fn command(test: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", test, "--test-threads=1", "--nocapture"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// Runs `body` in a process of its own; `test` is the name of the test that calls this.
pub(crate) fn in_child(test: &str, body: impl FnOnce()) {
    if env::var_os(CHILD).is_some() {
        return body();
    }
    let mut child = command(test).env(CHILD, "1").spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let (sender, printed) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut text = String::new();
        let read = stdout.read_to_string(&mut text);
        let _ = sender.send(read.map(|_| text));
    });
    let Ok(text) = printed.recv_timeout(LONG) else {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("the child hangs");
    };
    reader.join().unwrap();
    let status = child.wait().unwrap();
    print!("{}", text.unwrap());
    assert!(status.success(), "{status}");
}
