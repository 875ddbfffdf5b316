//! CPython's `ProcessPoolExecutor`: one child process for a case, which measures when it is asked to, so that it takes its turn.

use std::{
    cell::RefCell,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    rc::Rc,
    time::Duration,
};

use crate::rounds::Lane;

const SCRIPT: &str = include_str!("cpython.py");

/// A Python that waits for questions; it ends when this is dropped.
pub(crate) struct CPython {
    child: Child,
    pipes: RefCell<Option<(ChildStdin, BufReader<ChildStdout>)>>,
}

impl CPython {
    pub(crate) const NAME: &'static str = "CPython's ProcessPoolExecutor";

    /// A lane that asks for a measurement and gives the nanoseconds in this unit; the lane is missing where there is no `python3`.
    pub(crate) fn lane(python: Option<&Rc<Self>>, question: String, unit: Duration) -> Lane {
        match python {
            Some(python) => {
                let python = Rc::clone(python);
                let divisor = unit.as_nanos() as f64;
                Lane::new(Self::NAME, move || python.ask(&question) / divisor)
            }
            None => Lane::missing(Self::NAME),
        }
    }

    /// Starts `python3`; nothing if there is none, or if it cannot run the script.
    pub(crate) fn start() -> Option<Rc<Self>> {
        let mut child = Command::new("python3")
            // Isolated from whatever lies in this folder, and writing nothing into any.
            .args(["-I", "-B", "-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let (stdin, stdout) = (child.stdin.take()?, child.stdout.take()?);
        let python = Self {
            child,
            pipes: RefCell::new(Some((stdin, BufReader::new(stdout)))),
        };
        let version = python.answer()?;
        eprintln!("    python3 is CPython {}", version.trim());
        Some(Rc::new(python))
    }

    /// One measurement, in nanoseconds where it is one of time.
    fn ask(&self, question: &str) -> f64 {
        if let Some((stdin, _)) = self.pipes.borrow_mut().as_mut() {
            // If it is gone, there will be no answer either.
            let _ = writeln!(stdin, "{question}");
        }
        let answer = self.answer();
        let nanos = answer.and_then(|line| line.trim().parse().ok());
        nanos.unwrap_or_else(|| panic!("python3 has no answer to `{question}`"))
    }

    fn answer(&self) -> Option<String> {
        let mut pipes = self.pipes.borrow_mut();
        let (_, stdout) = pipes.as_mut()?;
        let mut line = String::new();
        let n_bytes = stdout.read_line(&mut line).ok()?;
        (n_bytes > 0).then_some(line)
    }
}

impl Drop for CPython {
    fn drop(&mut self) {
        // Its loop ends with its input.
        self.pipes.take();
        let _ = self.child.wait();
    }
}
