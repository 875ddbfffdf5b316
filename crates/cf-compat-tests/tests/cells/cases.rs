//! The cells that do not compile: all cases at once, by trybuild in a process of its own, whose words are read.

use std::{
    collections::{HashMap, HashSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use cf_compat_tests::matrix::Cell;

use crate::fixes;

/// The argument that makes a process of this program the one that compiles.
pub(crate) const COMPILE: &str = "--compile-the-cases";

/// What that process does. Its outcome is what it prints: trybuild tells of its failures by a panic.
pub(crate) fn compile() {
    trybuild::TestCases::new().compile_fail("cells/*.rs");
}

/// How the cases turned out: compiled by the first trial that asks.
#[derive(Default)]
pub(crate) struct Cases(OnceLock<Outcomes>);

struct Outcomes {
    /// By the name of the case: what trybuild says of it, beginning with one word.
    said: HashMap<String, String>,
    /// All that was printed.
    printed: String,
}

impl Cases {
    fn outcomes(&self) -> &Outcomes {
        self.0.get_or_init(|| {
            let program = env::current_exe().expect("this program's path");
            let output = Command::new(program)
                .arg(COMPILE)
                .env("NO_COLOR", "1")
                .env(fixes::VARIABLE, fixes::write())
                .output()
                .expect("this program once more");
            Outcomes::read(String::from_utf8_lossy(&output.stderr).into_owned())
        })
    }

    /// Checks that the case fails with its pinned message.
    pub(crate) fn check(&self, case: &str) -> Result<(), String> {
        let outcomes = self.outcomes();
        let said = outcomes
            .said
            .get(case)
            .ok_or_else(|| format!("trybuild says nothing of {case}:\n{}", outcomes.printed))?;
        // What follows the last case's is of the whole run.
        if said.lines().next() == Some("ok") {
            Ok(())
        } else {
            Err(format!("cells/{case}.rs: {said}"))
        }
    }

    /// The same, and that the message names the bridge; gives the first line of the error that is the cell's.
    pub(crate) fn look_up(&self, case: &str, names: &str, cell: &Cell) -> Result<String, String> {
        self.check(case)?;
        let read = |ending| {
            let path = folder().join(case).with_extension(ending);
            fs::read_to_string(&path).map_err(|error| format!("{case}.{ending}: {error}"))
        };
        let (source, message) = (read("rs")?, read("stderr")?);
        if !message.contains(names) {
            return Err(format!("cells/{case}.stderr does not name {names}"));
        }
        error_of(cell, &source, &message).ok_or_else(|| {
            format!(
                "cells/{case}.stderr has no error where {} stands",
                cell.code
            )
        })
    }
}

impl Outcomes {
    fn read(printed: String) -> Self {
        let said = printed
            .split("\ntest cells/")
            .skip(1)
            .filter_map(|part| part.split_once(".rs ... "))
            .map(|(case, said)| (case.to_owned(), said.to_owned()))
            .collect();
        Self { said, printed }
    }
}

/// The cases that no cell is pinned by: tests of CPython that do not compile here.
pub(crate) fn others(of_cells: &HashSet<String>) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder())
        .expect("the folder of the cases")
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            name.strip_suffix(".rs").map(str::to_owned)
        })
        .filter(|name| !of_cells.contains(name))
        .collect();
    names.sort();
    names
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cells")
}

/// The first line of the error that points at a line which does what the cell does.
fn error_of(cell: &Cell, source: &str, message: &str) -> Option<String> {
    let mut error = None;
    for line in message.lines() {
        if line.starts_with("error") {
            error = Some(line);
            continue;
        }
        let Some(place) = line.trim_start().strip_prefix("--> cells/") else {
            continue;
        };
        // The first place of an error is its own; those of its notes come later.
        let Some(error) = error.take() else {
            continue;
        };
        let number: usize = place.split(':').nth(1)?.parse().ok()?;
        let pointed_at = source.lines().nth(number.checked_sub(1)?)?;
        if cell.is_done_by(pointed_at) {
            return Some(error.to_owned());
        }
    }
    None
}
