//! The printed page: chapters, steps with the very code that ran, what was measured and what was checked.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process;
use std::time::Duration;

/// Columns of a line of prose or code.
pub(crate) const WIDTH: usize = 96;

/// Prints the tour and counts its checks.
pub(crate) struct Page {
    colour: bool,
    source: &'static str,
    n_chapters: usize,
    n_steps: usize,
    n_checks: usize,
    failures: Vec<String>,
}

impl Page {
    pub(crate) fn new() -> Self {
        let refused = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            colour: io::stdout().is_terminal() && !refused("NO_COLOR") && !dumb,
            source: "",
            n_chapters: 0,
            n_steps: 0,
            n_checks: 0,
            failures: Vec::new(),
        }
    }

    /// Opens a chapter; `source` is the text of the file its code is cut from.
    pub(crate) fn chapter(&mut self, title: &str, prose: &str, source: &'static str) {
        self.source = source;
        self.n_chapters += 1;
        self.n_steps = 0;
        let heading = self.paint("1;36", &format!("{}  {title}", self.n_chapters));
        self.line(&format!("\n{heading}\n{}", "─".repeat(WIDTH)));
        self.prose(prose, "");
    }

    /// Prints a step's title, what it shows, and the code between `// show: NAME` and `// end`.
    pub(crate) fn step(&mut self, name: &str, title: &str, prose: &str) {
        self.n_steps += 1;
        let heading = self.paint(
            "1",
            &format!("{}.{}  {title}", self.n_chapters, self.n_steps),
        );
        self.line(&format!("\n{heading}"));
        self.prose(prose, "    ");
        let Some(code) = snippet(self.source, name) else {
            self.check(
                false,
                &format!("the tour's own source holds the code of `{name}`"),
            );
            return;
        };
        self.line("");
        for line in code {
            let bar = self.paint("2", "│");
            self.line(format!("    {bar} {line}").trim_end());
        }
        self.line("");
    }

    /// Prints one line of what was measured or seen.
    pub(crate) fn measured(&self, what: impl Display) {
        self.labelled("33", "measured", &what.to_string());
    }

    /// Prints a claim with whether it held; one that did not makes the tour fail.
    pub(crate) fn check(&mut self, holds: bool, claim: &str) {
        self.n_checks += 1;
        if holds {
            self.labelled("32", "checked", claim);
        } else {
            self.labelled("1;31", "FAILED", claim);
            self.failures
                .push(format!("{}.{}: {claim}", self.n_chapters, self.n_steps));
        }
    }

    /// Prints prose wrapped to the page, every line after `indent`.
    pub(crate) fn prose(&self, text: &str, indent: &str) {
        for line in wrapped(text, WIDTH - indent.len()) {
            self.line(&format!("{indent}{line}"));
        }
    }

    /// Prints one line as it is; a reader that went away (`tour | head`) ends the program quietly.
    pub(crate) fn line(&self, line: &str) {
        if let Err(error) = writeln!(io::stdout().lock(), "{line}") {
            if error.kind() != ErrorKind::BrokenPipe {
                eprintln!("tour: cannot write: {error}");
                process::exit(1);
            }
            process::exit(i32::from(!self.failures.is_empty()));
        }
    }

    /// Prints the last lines and tells whether every check held.
    pub(crate) fn close(&self, took: Duration) -> bool {
        self.line(&format!("\n{}", "─".repeat(WIDTH)));
        for failure in &self.failures {
            self.labelled("1;31", "FAILED", failure);
        }
        let verdict = if self.failures.is_empty() {
            "all held"
        } else {
            "NOT ALL HELD"
        };
        self.line(&format!(
            "{} chapters, {} checks, {verdict}, in {}",
            self.n_chapters,
            self.n_checks,
            spoken(took)
        ));
        self.failures.is_empty()
    }

    /// Prints a label and text wrapped beside it.
    fn labelled(&self, colour: &str, label: &str, text: &str) {
        for (n, line) in wrapped(text, WIDTH - 14).iter().enumerate() {
            let label = if n == 0 { label } else { "" };
            self.line(&format!(
                "    {} {line}",
                self.paint(colour, &format!("{label:<9}"))
            ));
        }
    }

    /// Colours text where colours can be seen.
    pub(crate) fn paint(&self, colour: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{colour}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Cuts the lines between `// show: NAME` and `// end` out of `source`, without their common indent.
fn snippet<'s>(source: &'s str, name: &str) -> Option<Vec<&'s str>> {
    let mut lines = source
        .lines()
        .skip_while(|line| line.trim().strip_prefix("// show: ") != Some(name));
    let opening = lines.next()?;
    let indent = opening.len() - opening.trim_start().len();
    Some(
        lines
            .take_while(|line| line.trim() != "// end")
            .map(|line| line.get(indent..).unwrap_or(""))
            .collect(),
    )
}

/// Breaks text into lines of at most `width` columns; text that fits keeps its own spacing.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    if text.chars().count() <= width {
        return vec![text.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("starts with one line");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A duration in three digits and a unit: `12.3 µs`.
pub(crate) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let (value, unit) = match duration.as_nanos() {
        0..1_000 => (seconds * 1e9, "ns"),
        1_000..1_000_000 => (seconds * 1e6, "µs"),
        1_000_000..1_000_000_000 => (seconds * 1e3, "ms"),
        _ => (seconds, "s"),
    };
    match value {
        _ if unit == "ns" => format!("{value:.0} {unit}"),
        100.0.. => format!("{value:.0} {unit}"),
        10.0..100.0 => format!("{value:.1} {unit}"),
        _ => format!("{value:.2} {unit}"),
    }
}
