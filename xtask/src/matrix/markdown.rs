//! `docs/compat-matrix.md`: the matrix to be read as text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::grid::{Cell, Grid, Here, Outcome};
use super::prose::{GENERATED, code, text};
use super::totals;

pub(super) fn page(grid: &Grid) -> String {
    let mut page = format!("{GENERATED}\n{HEAD}\n");
    let _ = writeln!(page, "{}.\n", totals::Cells::of(grid).line());
    page.push_str("## The kinds\n\n| | in Python | here | type here |\n|---|---|---|---|\n");
    for kind in &grid.kinds {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            kind.id,
            text(&kind.in_python),
            text(&kind.made_here),
            code(&kind.type_here)
        );
    }
    overview(grid, &mut page);
    for (group, first, n) in grid.groups() {
        let _ = writeln!(page, "\n## {}", capital(group));
        for place in first..first + n {
            operation(grid, place, &mut page);
        }
    }
    page
}

const HEAD: &str = "\
# The incompatibility matrix

Python has two kinds of future that look alike and do not mix. This is what becomes of each kind under each operation: in Python,
measured with 3.11, 3.12 and 3.13, and here, executed. The same page [to click through](compat-matrix.html) opens in any browser.
What hangs in Python does not compile here, or gives an answer.
";

const LEGEND: &str = "\
On the left what Python does (the newest version), on the right what happens here: ✓ works · T, F gives true, false · ! raises, or gives an error · ⚠ warns only · ∞ hangs ·
✗ does not compile.
";

fn overview(grid: &Grid, page: &mut String) {
    let _ = write!(page, "\n## All cells\n\n{LEGEND}\n| `x` is |");
    for kind in &grid.kinds {
        let _ = write!(page, " {} |", kind.id.replace('_', " "));
    }
    let _ = write!(page, "\n|---|{}", "---|".repeat(grid.kinds.len()));
    for (operation, cells) in grid.operations.iter().zip(&grid.cells) {
        let _ = write!(page, "\n| {} |", code(&operation.in_python));
        for cell in cells {
            let _ = write!(
                page,
                " {} {} |",
                cell.newest().effect().sign(),
                cell.here.effect().sign()
            );
        }
    }
    page.push('\n');
}

fn operation(grid: &Grid, place: usize, page: &mut String) {
    let operation = &grid.operations[place];
    let _ = writeln!(
        page,
        "\n### {}\n\nHere {}.{}\n\n| `x` | in Python | here | to cross, or what differs |\n|---|---|---|---|",
        code(&operation.in_python),
        code(&operation.here),
        rows(&grid.cells[place])
    );
    for (kinds, cell) in alike(grid, place) {
        let kinds: Vec<_> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} |",
            kinds.join(", "),
            python(cell),
            here(&cell.here),
            text(&cell.fix)
        );
    }
}

/// The rows that any cell of an operation is about.
fn rows(cells: &[Cell]) -> String {
    let rows: BTreeSet<_> = cells.iter().flat_map(|cell| &cell.rows).collect();
    if rows.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = rows.into_iter().map(String::as_str).collect();
    format!(" Rows {}.", rows.join(", "))
}

/// The cells of an operation; kinds that go the same way are together.
fn alike(grid: &Grid, place: usize) -> Vec<(Vec<&str>, &Cell)> {
    let mut alike: Vec<(Vec<&str>, String, &Cell)> = Vec::new();
    for (kind, cell) in grid.kinds.iter().zip(&grid.cells[place]) {
        let told = format!("{} {} {}", python(cell), here(&cell.here), cell.fix);
        match alike.iter_mut().find(|(_, known, _)| *known == told) {
            Some((kinds, ..)) => kinds.push(&kind.id),
            None => alike.push((vec![&kind.id], told, cell)),
        }
    }
    alike
        .into_iter()
        .map(|(kinds, _, cell)| (kinds, cell))
        .collect()
}

fn python(cell: &Cell) -> String {
    let outcome = |outcome: &Outcome| {
        let notes = outcome.notes.iter();
        let notes = notes.map(|note| format!("; on the side {}", code(note)));
        format!("{}{}", code(&outcome.text), notes.collect::<String>())
    };
    match &cell.python[..] {
        [(_, only)] => outcome(only),
        several => {
            let several = several
                .iter()
                .map(|(versions, it)| format!("{versions}: {}", outcome(it)));
            several.collect::<Vec<_>>().join("<br>")
        }
    }
}

fn here(here: &Here) -> String {
    match here {
        Here::Ran(outcome) => code(outcome),
        Here::DoesNotCompile {
            case,
            error,
            bridge,
        } => {
            let names = if bridge.is_empty() {
                String::new()
            } else {
                format!("; the message names {}", code(bridge))
            };
            format!(
                "[does not compile](../crates/cf-compat-tests/cells/{case}.stderr): {}{names}",
                code(error)
            )
        }
        Here::Broken(how) => format!("**BROKEN**: {}", code(how)),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
