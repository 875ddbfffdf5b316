//! Timed sections, their verdicts, and the summary a task ends with.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::cargo::INCREMENTAL;

/// Runs the sections of one task and remembers how each ended.
#[derive(Debug)]
pub(crate) struct Report {
    task: &'static str,
    started: Instant,
    sections: Vec<Section>,
}

#[derive(Debug)]
struct Section {
    name: String,
    rerun: String,
    ok: bool,
}

impl Report {
    pub(crate) fn new(task: &'static str) -> Self {
        Self {
            task,
            started: Instant::now(),
            sections: Vec::new(),
        }
    }

    /// Runs a command as one section, its output passed through. True if it succeeded.
    pub(crate) fn command(&mut self, name: impl Into<String>, command: &mut Command) -> bool {
        let shown = shown(command);
        self.section(name, shown, || match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(status.to_string()),
            Err(error) => Err(error.to_string()),
        })
    }

    /// The same; gives what was printed.
    pub(crate) fn captured(&mut self, name: impl Into<String>, command: &mut Command) -> Printed {
        let mut printed = Printed::default();
        let shown = shown(command);
        self.section(name, shown, || {
            let status = pass_on(command, &mut printed).map_err(|error| error.to_string())?;
            if status.success() {
                Ok(())
            } else {
                Err(status.to_string())
            }
        });
        printed
    }

    /// Runs a check of our own as one section; `rerun` is the command that repeats it. True if it passed.
    pub(crate) fn section<F>(&mut self, name: impl Into<String>, rerun: String, run: F) -> bool
    where
        F: FnOnce() -> Result<(), String>,
    {
        let name = name.into();
        println!("\n-- {name}: {rerun}");
        let started = Instant::now();
        let verdict = run();
        let took = seconds(started.elapsed());
        match &verdict {
            Ok(()) => println!("== {name}  {took} ok"),
            Err(reason) => println!("== {name}  {took} FAILED ({reason})"),
        }
        let ok = verdict.is_ok();
        self.sections.push(Section { name, rerun, ok });
        ok
    }

    /// Prints what failed, with the command that repeats it, and the line of summary.
    pub(crate) fn finish(self) -> ExitCode {
        print!("{}", self.summary(self.started.elapsed()));
        if self.sections.iter().all(|section| section.ok) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn summary(&self, took: Duration) -> String {
        let failed: Vec<_> = self.sections.iter().filter(|section| !section.ok).collect();
        let (n_sections, n_failed, took) = (self.sections.len(), failed.len(), seconds(took));
        let mut text = String::from("\n");
        if failed.is_empty() {
            let plural = if n_sections == 1 { "" } else { "s" };
            let _ = writeln!(
                text,
                "{}: {n_sections} section{plural} ok in {took}",
                self.task
            );
        } else {
            for section in failed {
                let _ = writeln!(
                    text,
                    "failed: {}\n  run it again: {}",
                    section.name, section.rerun
                );
            }
            let _ = writeln!(
                text,
                "{}: {n_failed} of {n_sections} sections FAILED in {took}",
                self.task
            );
        }
        text
    }
}

/// What a command printed. Two texts, because what is written to one in the middle of a line of the other would tear that apart.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command; what it prints is printed here line by line, and kept.
fn pass_on(command: &mut Command, printed: &mut Printed) -> io::Result<ExitStatus> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    thread::scope(|threads| {
        let other = threads.spawn(|| copy(stderr, &mut printed.stderr));
        copy(stdout, &mut printed.stdout)?;
        other.join().expect("it does not panic")
    })?;
    child.wait()
}

fn copy(from: Option<impl Read>, to: &mut String) -> io::Result<()> {
    let Some(from) = from else { return Ok(()) };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        print!("{text}");
        to.push_str(&text);
        line.clear();
    }
    Ok(())
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let mut words = Vec::new();
    let told = |name: &OsStr| name != INCREMENTAL;
    for (name, value) in command.get_envs().filter(|(name, _)| told(name)) {
        if let Some(value) = value {
            words.push(format!(
                "{}={}",
                name.display(),
                quoted(&value.to_string_lossy())
            ));
        }
    }
    let program = command.get_program();
    let is_cargo = std::env::var_os("CARGO").is_some_and(|cargo| cargo == program);
    words.push(if is_cargo {
        "cargo".into()
    } else {
        quoted(&program.to_string_lossy())
    });
    words.extend(command.get_args().map(|arg| quoted(&arg.to_string_lossy())));
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=,:+@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_section_does_not_stop_the_others_and_is_listed() {
        let mut report = Report::new("ci");
        assert!(report.section("fmt", "cargo fmt".into(), || Ok(())));
        assert!(!report.section("tidy", "cargo xtask tidy".into(), || Err(
            "2 findings".into()
        )));
        assert!(report.section("doc", "cargo xtask doc".into(), || Ok(())));
        assert_eq!(
            report.summary(Duration::from_millis(1250)),
            "\nfailed: tidy\n  run it again: cargo xtask tidy\nci: 1 of 3 sections FAILED in 1.2 s\n"
        );
        assert_eq!(report.finish(), ExitCode::FAILURE);
    }

    #[test]
    fn when_all_is_well_one_line_says_so() {
        let mut report = Report::new("tidy");
        report.section("rows", String::new(), || Ok(()));
        assert_eq!(
            report.summary(Duration::from_secs(2)),
            "\ntidy: 1 section ok in 2.0 s\n"
        );
        assert_eq!(report.finish(), ExitCode::SUCCESS);
    }

    #[test]
    fn a_program_that_cannot_start_is_a_failed_section() {
        let mut report = Report::new("ci");
        assert!(!report.command("missing", &mut Command::new("/no/such/program")));
        assert_eq!(report.sections[0].rerun, "/no/such/program");
    }

    #[cfg(unix)]
    #[test]
    fn what_a_command_prints_is_kept_and_its_status_counts() {
        let mut report = Report::new("ci");
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; exit 3"]);
        let printed = report.captured("sh", &mut command);
        assert_eq!(printed.stdout, "one\n");
        assert_eq!(printed.stderr, "two\n");
        assert!(!report.sections[0].ok);
    }

    #[test]
    fn commands_are_shown_as_typed() {
        let mut command = Command::new("cargo");
        command
            .env("RUSTFLAGS", "--cfg cf_loom")
            .args(["test", "-p", "a b", "it's"]);
        assert_eq!(
            shown(&command),
            r"RUSTFLAGS='--cfg cf_loom' cargo test -p 'a b' 'it'\''s'"
        );
    }
}
