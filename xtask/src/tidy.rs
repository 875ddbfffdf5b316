//! `cargo xtask tidy`: the house rules that no compiler checks, each in a file of its own.

mod allow;
mod files;
mod layers;
mod manifests;
mod places;
mod rows;
mod sleep;
mod unsafety;

use std::fmt;

use crate::cargo::root;
use crate::report::Report;
use crate::tree::Tree;

/// A rule broken at one place.
#[derive(Debug, PartialEq)]
struct Finding {
    path: String,
    /// From 1.
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: [(&str, Rule); 10] = [
    (
        "every row of the behavioural reference is tested or explained",
        rows::check,
    ),
    ("line one of a file says what it is for", files::first_line),
    ("one idea, one file: at most 500 lines", files::length),
    ("a file is named for its idea", files::name),
    ("lints are expected, never allowed", allow::check),
    ("no unsafe code outside sys", unsafety::check),
    (
        "tests order events with gates, not with sleeps",
        sleep::check,
    ),
    ("nothing points outside the repository", places::check),
    (
        "manifests are complete and inherit the lints",
        manifests::check,
    ),
    ("crates depend downwards only", layers::check),
];

pub(crate) fn run(report: &mut Report) -> Result<(), String> {
    let tree = Tree::read(&root())?;
    report.section("tidy", "cargo xtask tidy".into(), || {
        for note in files::getting_long(&tree) {
            println!("note: {note}");
        }
        let mut n_findings = 0;
        for (rule, check) in RULES {
            let findings = check(&tree);
            println!(
                "{} {rule}",
                if findings.is_empty() { "ok  " } else { "FAIL" }
            );
            for finding in &findings {
                println!("  {finding}");
            }
            n_findings += findings.len();
        }
        match n_findings {
            0 => Ok(()),
            1 => Err("1 finding".into()),
            n => Err(format!("{n} findings")),
        }
    });
    Ok(())
}
