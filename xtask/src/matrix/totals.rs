//! How many of what: counted from what was executed.

use std::fmt::Write as _;

use super::grid::{Effect, Grid, Here, NEWEST};
use super::verdict::{Judged, Status};

/// Of the matrix.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) n_kinds: usize,
    pub(super) n_operations: usize,
    pub(super) n_ran: usize,
    pub(super) n_compile_errors: usize,
    pub(super) n_broken: usize,
    /// What the newest Python does, and how often; most frequent first.
    pub(super) python: Vec<(&'static str, usize)>,
}

impl Cells {
    pub(super) fn of(grid: &Grid) -> Self {
        let mut totals = Self {
            n_kinds: grid.kinds.len(),
            n_operations: grid.operations.len(),
            ..Self::default()
        };
        for (.., cell) in grid.all() {
            match cell.here {
                Here::Ran(_) => totals.n_ran += 1,
                Here::DoesNotCompile { .. } => totals.n_compile_errors += 1,
                Here::Broken(_) => totals.n_broken += 1,
            }
            let word = match cell.newest().effect() {
                Effect::Works => "work",
                Effect::True | Effect::False => "give a truth value",
                Effect::Warns => "only warn",
                Effect::Hangs => "hang",
                Effect::Fails | Effect::DoesNotCompile | Effect::Broken => "raise",
            };
            match totals.python.iter_mut().find(|(known, _)| *known == word) {
                Some((_, n)) => *n += 1,
                None => totals.python.push((word, 1)),
            }
        }
        totals.python.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        totals
    }

    pub(super) fn line(&self) -> String {
        let Self {
            n_kinds,
            n_operations,
            n_ran,
            n_compile_errors,
            n_broken,
            python,
        } = self;
        let python: Vec<_> = python
            .iter()
            .map(|(word, n)| format!("{n} {word}"))
            .collect();
        format!(
            "{} cells ({n_operations} operations, {n_kinds} kinds of future): {n_ran} run, {n_compile_errors} do not compile, \
             {n_broken} broken; in Python {NEWEST} {}",
            n_kinds * n_operations,
            python.join(", ")
        )
    }
}

/// Of rows or tests.
pub(super) fn judged<'a>(judged: impl Iterator<Item = &'a Judged>) -> String {
    let mut n_all = 0;
    let mut n_broken = 0;
    let mut counts = Status::ALL.map(|status| (status, 0_usize));
    for it in judged {
        n_all += 1;
        n_broken += usize::from(it.is_broken());
        for (status, n) in &mut counts {
            *n += usize::from(it.status == *status);
        }
    }
    let mut line = format!("{n_all}:");
    for (status, n) in counts {
        let _ = write!(line, " {n} {},", status.word());
    }
    let _ = write!(line, " {n_broken} broken");
    line
}
