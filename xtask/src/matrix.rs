//! `cargo xtask matrix`: the pages of the incompatibility matrix and of conformance, made of what was executed.
//!
//! Every test of the workspace runs; the cells of the matrix report what came out of them to a file. What a page says of a
//! cell, a row or a test of CPython comes from there: if one fails, it is called broken, and so are the rows it speaks for.

mod conformance;
mod grid;
mod html;
mod markdown;
mod prose;
mod totals;
mod verdict;
mod witness;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{cargo, root, target_dir};
use crate::manifest::{self, Manifest};
use crate::ran::Ran;
use crate::report::{Printed, Report};
use crate::tree::Tree;
use grid::Grid;
use verdict::{Judged, Known};

/// The crate whose tests are the matrix and the suite.
const PACKAGE: &str = "cf-compat-tests";
/// Its tables.
const DATA: &str = "crates/cf-compat-tests/data";
/// Tells its cells where to report.
const VARIABLE: &str = "CF_CELLS_REPORT";

/// Whether pages are written, or only compared with those that are there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    Write,
    Check,
}

/// Runs all tests, then writes the pages or checks them.
pub(crate) fn run(report: &mut Report, mode: Mode) -> Result<(), String> {
    let mut printed = Vec::new();
    for package in manifest::crates()?.iter().filter(|it| it.is_tested()) {
        // Without and with all features: some cases are compiled only in the one, most tests run only in the other.
        let sets = package.feature_sets();
        for features in sets
            .iter()
            .take(1)
            .chain(sets.get(1..).and_then(<[_]>::last))
        {
            let name = format!("test {}", package.name());
            let text = report.captured(name, &mut tests(package, features));
            printed.push((package.name().to_owned(), text));
        }
    }
    pages(report, &printed, mode);
    Ok(())
}

/// The command that runs the tests of a package.
pub(crate) fn tests(package: &Manifest, features: &[String]) -> Command {
    let mut test = cargo(["test", "--no-fail-fast", "-p", package.name()]);
    test.args(features);
    if package.name() == PACKAGE {
        let path = cells_path();
        // What an earlier run left must not be taken for this one's; that there is none is fine.
        drop(std::fs::remove_file(&path));
        test.env(VARIABLE, path);
    }
    test
}

fn cells_path() -> PathBuf {
    target_dir().join("cells.json")
}

/// Makes the pages of what the tests printed, package by package.
pub(crate) fn pages(report: &mut Report, printed: &[(String, Printed)], mode: Mode) {
    let (name, rerun) = match mode {
        Mode::Write => ("pages", "cargo xtask matrix"),
        Mode::Check => ("pages", "cargo xtask matrix --check"),
    };
    report.section(name, rerun.into(), || {
        if !cfg!(target_os = "linux") {
            println!("skipped: some tests are of Linux only, and so the pages are made there");
            return Ok(());
        }
        let made = Made::of(&root(), printed)?;
        println!("{}", made.told);
        match mode {
            Mode::Write => made.write()?,
            Mode::Check => made.compare()?,
        }
        match made.n_broken {
            0 => Ok(()),
            n => Err(format!("{n} cells, rows or tests are broken")),
        }
    });
}

/// The pages, and what is said of them.
struct Made {
    /// Path and text.
    pages: [(PathBuf, String); 3],
    told: String,
    n_broken: usize,
}

impl Made {
    fn of(root: &Path, printed: &[(String, Printed)]) -> Result<Self, String> {
        let mut ran = Ran::default();
        for (package, printed) in printed {
            ran.read(package, printed)?;
        }
        let executed = cells_path();
        if !executed.exists() {
            return Err(format!("the cells did not run: cargo test -p {PACKAGE}"));
        }
        let cells = grid::cases(&executed)?.into_iter();
        let alone = ran.tests.iter().filter_map(|test| {
            let name = test.name.strip_prefix("case::")?;
            (test.package == PACKAGE).then(|| (name.to_owned(), test.passed))
        });
        let path = |case: String| format!("crates/{PACKAGE}/cells/{case}.rs");
        let cases: Vec<_> = cells
            .chain(alone)
            .map(|(case, passed)| (path(case), passed))
            .collect();
        ran.cases.extend(cases);
        let tree = Tree::read(root)?;
        compiled(&mut ran, &tree);

        let grid = Grid::read(root, &executed)?;
        agree(&grid, &ran)?;
        let witnesses = witness::all(&tree, &ran);
        let known = Known {
            root,
            tree: &tree,
            ran: &ran,
            grid: &grid,
            witnesses: &witnesses,
        };
        let (rows, originals) = (known.rows()?, known.originals()?);
        let cells = totals::Cells::of(&grid);
        let of_python = || originals.iter().flat_map(|(_, tests)| tests);
        let n_broken = rows
            .iter()
            .chain(of_python())
            .filter(|it| it.is_broken())
            .count();
        for it in rows.iter().chain(of_python()).filter(|it| it.is_broken()) {
            println!("BROKEN: {}", broken(it));
        }
        for (operation, kind, cell) in grid.all() {
            if let grid::Here::Broken(how) = &cell.here {
                println!("BROKEN: cell {}::{}: {how}", operation.id, kind.id);
            }
        }
        let told = format!(
            "matrix: {}\nrows of the reference {}\ntests of CPython {}\ntests that ran, as their runners count: {} passed, {} failed",
            cells.line(),
            totals::judged(rows.iter()),
            totals::judged(of_python()),
            ran.n_passed,
            ran.n_failed
        );
        let docs = root.join("docs");
        Ok(Self {
            pages: [
                (docs.join("compat-matrix.md"), markdown::page(&grid)),
                (docs.join("compat-matrix.html"), html::page(&grid)),
                (
                    docs.join("conformance.md"),
                    conformance::page(&rows, &originals),
                ),
            ],
            told,
            n_broken: n_broken + cells.n_broken,
        })
    }

    fn write(&self) -> Result<(), String> {
        for (path, text) in &self.pages {
            std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
            println!("wrote {}", path.display());
        }
        Ok(())
    }

    /// Fails if a page is not what it would be now; shows where it begins to differ.
    fn compare(&self) -> Result<(), String> {
        let mut n_stale = 0;
        for (path, text) in &self.pages {
            let committed = std::fs::read_to_string(path).unwrap_or_default();
            // A checkout may have turned the ends of lines.
            let is_same = committed.lines().eq(text.lines());
            n_stale += usize::from(!is_same);
            if let Some((line, was, is)) = first_difference(&committed, text) {
                println!(
                    "{}:{line} is stale\n  it says      {was}\n  it should be {is}",
                    path.display()
                );
            }
        }
        match n_stale {
            0 => Ok(()),
            _ => Err("stale pages: run `cargo xtask matrix` and commit them".to_owned()),
        }
    }
}

/// Adds the files that trybuild compiled where the whole test passed; the lines that it prints for each are told apart from
/// what others print only as long as nobody prints meanwhile. Where the test failed, a file without its line has failed.
fn compiled(ran: &mut Ran, tree: &Tree) {
    for test in ran
        .tests
        .iter()
        .filter(|test| test.name.starts_with("compile_fail::"))
    {
        let program = format!(
            "crates/{}/tests/{}/compile_fail.rs",
            test.package, test.binary
        );
        let Some(file) = tree.get(&program) else {
            continue;
        };
        for folder in file
            .text
            .split('"')
            .filter_map(|text| text.strip_suffix("/*.rs"))
        {
            let folder = format!("crates/{}/{folder}/", test.package);
            let files = tree.rust().filter_map(|file| {
                let name = file.path.strip_prefix(&folder)?;
                (!name.contains('/')).then_some(&file.path)
            });
            for path in files {
                let passed = ran.cases.entry(path.clone()).or_insert(test.passed);
                *passed |= test.passed;
            }
        }
    }
}

/// Fails unless each cell has its test, and the runner says of it what the cell reported.
fn agree(grid: &Grid, ran: &Ran) -> Result<(), String> {
    let trials = ran.tests.iter().filter(|test| test.package == PACKAGE);
    let trials: HashMap<_, _> = trials
        .map(|test| (test.name.as_str(), test.passed))
        .collect();
    for (operation, kind, cell) in grid.all() {
        let name = format!("{}::{}", operation.id, kind.id);
        let is_broken = matches!(cell.here, grid::Here::Broken(_));
        if trials.get(name.as_str()) != Some(&!is_broken) {
            return Err(format!(
                "the runner and the cell {name} say different things"
            ));
        }
    }
    Ok(())
}

fn broken(judged: &Judged) -> String {
    let failed = judged.shown_by.iter().filter(|proof| proof.is_broken);
    let failed: Vec<_> = failed.map(|proof| proof.shown.as_str()).collect();
    format!("{} ({})", judged.name, failed.join(", "))
}

/// The first line, from 1, that two texts do not share.
fn first_difference<'t>(one: &'t str, other: &'t str) -> Option<(usize, &'t str, &'t str)> {
    let (mut left, mut right) = (one.lines(), other.lines());
    let mut line = 1;
    loop {
        match (left.next(), right.next()) {
            (None, None) => return None,
            (was, is) if was == is => line += 1,
            (was, is) => {
                return Some((line, was.unwrap_or("(ends)"), is.unwrap_or("(ends)")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(name: &str) -> String {
        std::fs::read_to_string(root().join("docs").join(name)).unwrap()
    }

    #[test]
    fn no_page_of_text_has_an_empty_cell() {
        for name in ["compat-matrix.md", "conformance.md"] {
            let page = page(name);
            let rows = page.lines().filter(|line| line.starts_with("| "));
            let mut n_cells = 0;
            // The first cell of a heading may be empty: what stands below it is named by what is in it.
            for row in rows.filter(|row| !row.starts_with("| |")) {
                for cell in row.trim_matches('|').replace("\\|", "/").split('|') {
                    assert!(!cell.trim().is_empty(), "{name}: {row}");
                    n_cells += 1;
                }
            }
            assert!(n_cells > 1000, "{name} has {n_cells} cells");
        }
    }

    #[test]
    fn no_cell_to_click_is_empty() {
        let page = page("compat-matrix.html");
        let sheets = page.matches("<div class=\"sheet\"").count();
        assert_eq!(page.matches("<td>").count(), sheets);
        assert_eq!(page.matches("<td><button").count(), sheets);
        for nothing in ["<td></td>", "<dd></dd>", "<p></p>", "<code></code>"] {
            assert!(!page.contains(nothing), "{nothing}");
        }
    }

    #[test]
    fn the_first_stale_line_is_shown() {
        assert_eq!(first_difference("a\nb", "a\nb"), None);
        assert_eq!(first_difference("a\nb", "a\nc\nd"), Some((2, "b", "c")));
        assert_eq!(first_difference("a", "a\nb"), Some((2, "(ends)", "b")));
    }
}
