//! A process of its own, for a test that must not meet others: this test binary once more, for that test alone.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
};

use crate::clock::LONG;

const CHILD: &str = "CF_COMPAT_CHILD";
const SAYS: &str = "child says: ";

/// In the child it runs `body`, on a thread that is named as the main one; in the test it looks on.
///
/// `test` is the path of the test that calls this.
pub(crate) fn in_child(
    test: &str,
    body: impl FnOnce() + Send + 'static,
    look_on: impl FnOnce(&mut Watched),
) {
    if std::env::var_os(CHILD).is_some() {
        let main = thread::Builder::new().name("main".to_owned()).spawn(body);
        main.unwrap().join().unwrap();
        return;
    }
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (tell, lines) = mpsc::channel();
    let output = BufReader::new(process.stdout.take().unwrap());
    // It ends with the process's output.
    thread::spawn(move || {
        let words = output.lines().map_while(Result::ok);
        for line in words.filter_map(|line| Some(line.strip_prefix(SAYS)?.to_owned())) {
            drop(tell.send(line));
        }
    });
    look_on(&mut Watched { process, lines });
}

/// Tells the test that looks on.
pub(crate) fn say(word: &str) {
    // Past the harness, which keeps what is printed; in a line of its own.
    let mut out = std::io::stdout();
    write!(out, "\n{SAYS}{word}\n").unwrap();
    out.flush().unwrap();
}

/// The child, from outside.
pub(crate) struct Watched {
    process: Child,
    lines: mpsc::Receiver<String>,
}

impl Watched {
    /// Waits until it has said this.
    #[track_caller]
    pub(crate) fn says(&self, word: &str) {
        assert_eq!(self.lines.recv_timeout(LONG).as_deref(), Ok(word));
    }

    /// Sends it what Ctrl-C sends.
    pub(crate) fn interrupt(&self) {
        let pid = self.process.id().to_string();
        let kill = Command::new("sh")
            .args(["-c", "kill -INT $0", &pid])
            .status();
        assert!(kill.unwrap().success());
    }

    /// Waits for its end, until which it says nothing more.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> ExitStatus {
        assert_eq!(
            self.lines.recv_timeout(LONG),
            Err(mpsc::RecvTimeoutError::Disconnected)
        );
        self.process.wait().unwrap()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
