//! The sheet of a cell: what it says, and that it opens and closes by hand.

use cf_compat_tests::matrix::measured::Matrix;
use libtest_mimic::Failed;
use serde::Deserialize;

use crate::page::Page;

/// How many lines the way across may take.
const MAX_LINES: usize = 3;
/// How many cells are clicked.
const N_CLICKED: usize = 12;

#[derive(Deserialize)]
struct Table {
    kinds: Vec<String>,
    operations: Vec<String>,
    cells: Vec<Vec<usize>>,
    ids: Vec<String>,
}

#[derive(Deserialize)]
struct Sheet {
    operation: String,
    kind: String,
    n_open: usize,
    is_open: bool,
    title: String,
    about: String,
    empty: Vec<String>,
    terms: Vec<Term>,
}

#[derive(Deserialize)]
struct Term {
    name: String,
    text: String,
    lines: Vec<String>,
}

/// The ids of some cells, evenly over the table and in each of its columns.
pub(crate) fn spread(page: &Page<'_>, n: usize) -> Result<Vec<String>, Failed> {
    let Table { kinds, ids, .. } = page.look("return table()")?;
    let mut step = (ids.len() / n).max(1);
    // With a step of one more or less than a multiple of the width, each next cell is in another column.
    let is_next = |step| [1, kinds.len() - 1].contains(&(step % kinds.len()));
    while step > 1 && !is_next(step) {
        step -= 1;
    }
    Ok(ids.into_iter().step_by(step).collect())
}

/// Every cell there is, row by row and column by column, opens a sheet of its own that leaves nothing out.
pub(crate) fn are_full(page: &Page<'_>) -> Result<(), Failed> {
    let measured = Matrix::all();
    let versions: Vec<_> = measured.iter().map(|it| minor(&it.python)).collect();
    let newest = measured.last().ok_or("nothing was measured")?;
    let table: Table = page.look("return table()")?;
    let sheets: Vec<Sheet> = page.look("return sheets()")?;

    assert!(table.kinds.iter().eq(newest.kinds.names()));
    let operations = newest.ops.0.iter().map(|(_, op)| &op.label);
    assert!(table.operations.iter().eq(operations));
    let n_kinds = table.kinds.len();
    assert!(table.cells.iter().all(|row| *row == vec![1; n_kinds]));
    assert_eq!(table.cells.len(), table.operations.len());
    assert_eq!(sheets.len(), table.operations.len() * n_kinds);

    let wrong: Vec<_> = sheets
        .iter()
        .filter_map(|sheet| {
            let why = sheet.check(&versions).err()?;
            Some(format!("{} of {}: {why}", sheet.operation, sheet.kind))
        })
        .collect();
    match wrong.len() {
        0 => Ok(()),
        n => Err(format!("{n} sheets, first\n{}", wrong[..n.min(5)].join("\n")).into()),
    }
}

impl Sheet {
    fn check(&self, versions: &[&str]) -> Result<(), String> {
        if !self.is_open || self.n_open != 1 {
            return Err(format!("{} sheets are open", self.n_open));
        }
        if self.title != self.operation || self.about != self.kind {
            return Err(format!("the sheet is {} of {}", self.title, self.about));
        }
        let empty = self.empty.iter().find(|it| !it.starts_with("<br"));
        if let Some(empty) = empty {
            return Err(format!("empty: {empty}"));
        }
        let mut named = Vec::new();
        for term in &self.terms {
            if let Some(range) = term.name.strip_prefix("Python ") {
                named.extend(expand(range, versions)?);
                // The sign, and in words what it stands for.
                if term.text.split_whitespace().count() < 2 {
                    return Err(format!("{}: only {}", term.name, term.text));
                }
            }
        }
        if named != versions {
            return Err(format!("the versions of Python are {named:?}"));
        }
        if self.term("here")?.text.trim().is_empty() {
            return Err("nothing happens here".to_owned());
        }
        let cross = self.term("to cross")?;
        match cross.lines.len() {
            1..=MAX_LINES => Ok(()),
            n => Err(format!("{n} lines to cross: {}", cross.text)),
        }
    }

    fn term(&self, name: &str) -> Result<&Term, String> {
        self.terms
            .iter()
            .find(|term| term.name.split(',').next() == Some(name))
            .ok_or_else(|| format!("it does not say `{name}`"))
    }
}

/// The versions of a range such as `3.11` or `3.11–3.12`.
fn expand<'v>(range: &str, versions: &[&'v str]) -> Result<Vec<&'v str>, String> {
    let place = |version| {
        let place = versions.iter().position(|it| *it == version);
        place.ok_or_else(|| format!("unknown version {version}"))
    };
    let (first, last) = range.split_once('–').unwrap_or((range, range));
    Ok(versions[place(first)?..=place(last)?].to_vec())
}

/// `3.11` of `3.11.7`.
fn minor(version: &str) -> &str {
    let mut dots = version.match_indices('.').map(|(place, _)| place);
    dots.nth(1).map_or(version, |end| &version[..end])
}

/// A click opens the cell's sheet and nothing else; its button closes it.
pub(crate) fn open_by_click(page: &Page<'_>) -> Result<(), Failed> {
    for id in spread(page, N_CLICKED)? {
        page.click(&format!("td [popovertarget={id}]"))?;
        let open: Vec<String> =
            page.look("return [...document.querySelectorAll(':popover-open')].map((it) => it.id)")?;
        assert_eq!(open, [id.as_str()]);
        page.click(&format!("#{id} .close"))?;
        assert!(!page.look::<bool>(&format!("return isOpen('{id}')"))?);
    }
    Ok(())
}
