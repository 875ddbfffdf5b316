//! The matrix: what was measured of Python beside what came out here.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::DATA;

/// The versions of Python that were measured, oldest first.
const VERSIONS: [&str; 3] = ["3.11", "3.12", NEWEST];
/// The one that the signs tell of.
pub(super) const NEWEST: &str = "3.13";

/// Kinds of future, operations on them, and the cells.
#[derive(Debug)]
pub(super) struct Grid {
    pub(super) kinds: Vec<Kind>,
    pub(super) operations: Vec<Operation>,
    /// By operation, then by kind.
    pub(super) cells: Vec<Vec<Cell>>,
}

/// A kind of future, and the state that it is in.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) id: String,
    pub(super) in_python: String,
    pub(super) made_here: String,
    pub(super) type_here: String,
}

#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) group: String,
    pub(super) in_python: String,
    pub(super) here: String,
}

#[derive(Debug)]
pub(super) struct Cell {
    /// The rows of the reference it is about.
    pub(super) rows: Vec<String>,
    /// What Python does; versions that do the same are one.
    pub(super) python: Vec<(String, Outcome)>,
    pub(super) here: Here,
    /// How to cross, or what differs.
    pub(super) fix: String,
}

/// What a version of Python does.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(super) struct Outcome {
    #[serde(rename = "outcome")]
    pub(super) text: String,
    pub(super) notes: Vec<String>,
}

/// What an outcome comes down to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Effect {
    Works,
    True,
    False,
    /// An exception, or an error as a value.
    Fails,
    Warns,
    Hangs,
    DoesNotCompile,
    Broken,
}

impl Effect {
    /// Of an outcome as the measurement and the cells tell it.
    fn of(outcome: &str) -> Self {
        let failures = [
            "«raises",
            "at the call: TypeError",
            "at the first next(): TypeError",
            "TimedOut(",
        ];
        match outcome.strip_prefix("ok: ") {
            Some(what) if failures.iter().any(|failure| what.starts_with(failure)) => Self::Fails,
            Some(_) => Self::Works,
            None => match outcome.to_lowercase().as_str() {
                "ok" => Self::Works,
                "returns true" => Self::True,
                "returns false" => Self::False,
                "hangs" => Self::Hangs,
                other if other.starts_with("warns") => Self::Warns,
                _ => Self::Fails,
            },
        }
    }

    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Works => "✓",
            Self::True => "T",
            Self::False => "F",
            Self::Fails => "!",
            Self::Warns => "⚠",
            Self::Hangs => "∞",
            Self::DoesNotCompile => "✗",
            Self::Broken => "‼",
        }
    }

    /// The sign read aloud.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::True => "gives true",
            Self::False => "gives false",
            Self::Fails => "fails",
            Self::Warns => "only warns",
            Self::Hangs => "hangs",
            Self::DoesNotCompile => "does not compile",
            Self::Broken => "is broken",
        }
    }
}

impl Outcome {
    pub(super) fn effect(&self) -> Effect {
        Effect::of(&self.text)
    }
}

impl Here {
    pub(super) fn effect(&self) -> Effect {
        match self {
            Self::Ran(outcome) => Effect::of(outcome),
            Self::DoesNotCompile { .. } => Effect::DoesNotCompile,
            Self::Broken(_) => Effect::Broken,
        }
    }
}

/// What came out here.
#[derive(Debug)]
pub(super) enum Here {
    /// It compiles and ran.
    Ran(String),
    /// It does not compile, as the case shows.
    DoesNotCompile {
        case: String,
        error: String,
        bridge: String,
    },
    /// Not what is expected.
    Broken(String),
}

#[derive(Deserialize)]
struct Measured {
    kinds: HashMap<String, String>,
    ops: HashMap<String, MeasuredOperation>,
    cells: HashMap<String, HashMap<String, Outcome>>,
}

#[derive(Deserialize)]
struct MeasuredOperation {
    group: String,
    label: String,
}

/// A cell as the test program reports it.
#[derive(Clone, Deserialize)]
struct Executed {
    kind: String,
    made: String,
    r#type: String,
    op: String,
    code: String,
    rows: String,
    ok: bool,
    ours: String,
    case: Option<String>,
    names: Option<String>,
    fix: String,
}

impl Grid {
    /// Reads the measurements, and what the cells reported to the file `executed`.
    pub(super) fn read(root: &Path, executed: &Path) -> Result<Self, String> {
        let measured = VERSIONS
            .iter()
            .map(|version| json(&root.join(DATA).join(format!("matrix-{version}.json"))))
            .collect::<Result<Vec<Measured>, _>>()?;
        Self::of(&measured, &json::<Vec<Executed>>(executed)?)
    }

    fn of(measured: &[Measured], executed: &[Executed]) -> Result<Self, String> {
        let newest = measured.last().ok_or("nothing was measured")?;
        let mut grid = Self {
            kinds: Vec::new(),
            operations: Vec::new(),
            cells: Vec::new(),
        };
        for cell in executed {
            if grid.operations.last().is_none_or(|op| op.id != cell.op) {
                grid.operations.push(operation(cell, newest)?);
                grid.cells.push(Vec::new());
            }
            let row = grid
                .cells
                .last_mut()
                .expect("one was pushed for this operation");
            if grid.operations.len() == 1 {
                grid.kinds.push(kind(cell, newest)?);
            }
            let place = row.len();
            let is_in_order = grid.kinds.get(place).is_some_and(|it| it.id == cell.kind);
            if !is_in_order {
                return Err(format!("{}::{} is out of its place", cell.op, cell.kind));
            }
            row.push(self::cell(cell, measured)?);
        }
        let n_cells = newest.kinds.len() * newest.ops.len();
        if executed.len() == n_cells {
            Ok(grid)
        } else {
            Err(format!(
                "{n_cells} cells were measured, and {} ran",
                executed.len()
            ))
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&Operation, &Kind, &Cell)> {
        let rows = self.operations.iter().zip(&self.cells);
        rows.flat_map(|(operation, row)| {
            let cells = self.kinds.iter().zip(row);
            cells.map(move |(kind, cell)| (operation, kind, cell))
        })
    }

    /// The groups of operations, in order, each with the place of its first operation and how many it has.
    pub(super) fn groups(&self) -> Vec<(&str, usize, usize)> {
        let mut groups: Vec<(&str, usize, usize)> = Vec::new();
        for (place, operation) in self.operations.iter().enumerate() {
            match groups.last_mut() {
                Some((group, _, n)) if *group == operation.group => *n += 1,
                _ => groups.push((&operation.group, place, 1)),
            }
        }
        groups
    }
}

impl Cell {
    /// What the newest version does.
    pub(super) fn newest(&self) -> &Outcome {
        &self.python.last().expect("every version was measured").1
    }
}

fn operation(cell: &Executed, measured: &Measured) -> Result<Operation, String> {
    let in_python = measured
        .ops
        .get(&cell.op)
        .ok_or_else(|| format!("{} was not measured", cell.op))?;
    Ok(Operation {
        id: cell.op.clone(),
        group: in_python.group.clone(),
        in_python: in_python.label.clone(),
        here: cell.code.clone(),
    })
}

fn kind(cell: &Executed, measured: &Measured) -> Result<Kind, String> {
    let in_python = measured
        .kinds
        .get(&cell.kind)
        .ok_or_else(|| format!("{} was not measured", cell.kind))?;
    Ok(Kind {
        id: cell.kind.clone(),
        in_python: in_python.clone(),
        made_here: cell.made.clone(),
        type_here: cell.r#type.clone(),
    })
}

fn cell(cell: &Executed, measured: &[Measured]) -> Result<Cell, String> {
    let mut python: Vec<(String, Outcome)> = Vec::new();
    for (version, measured) in VERSIONS.iter().zip(measured) {
        let outcome = measured
            .cells
            .get(&cell.kind)
            .and_then(|cells| cells.get(&cell.op))
            .ok_or_else(|| format!("{version} has no {}::{}", cell.op, cell.kind))?;
        match python.last_mut() {
            Some((versions, last)) if last == outcome => {
                let first = versions.split('–').next().unwrap_or(versions);
                *versions = format!("{first}–{version}");
            }
            _ => python.push(((*version).to_owned(), outcome.clone())),
        }
    }
    let here = match (&cell.case, &cell.names) {
        // What follows is the compiler's whole message, which the test program has printed.
        _ if !cell.ok => Here::Broken(cell.ours.lines().next().unwrap_or_default().to_owned()),
        (Some(case), names) => Here::DoesNotCompile {
            case: case.clone(),
            error: without_places(&cell.ours),
            bridge: names.clone().unwrap_or_default(),
        },
        (None, _) => Here::Ran(cell.ours.clone()),
    };
    let rows = cell.rows.split(',').map(str::trim);
    Ok(Cell {
        rows: rows
            .filter(|row| !row.is_empty())
            .map(str::to_owned)
            .collect(),
        python,
        here,
        fix: cell.fix.clone(),
    })
}

/// A message without where an `async` block stands in the file of its case.
fn without_places(message: &str) -> String {
    let mut parts = message.split("{async block@");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str("async block");
        text.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    text
}

/// The compile-fail cases of the cells, and whether each ended as it should.
pub(super) fn cases(executed: &Path) -> Result<BTreeMap<String, bool>, String> {
    let mut cases = BTreeMap::new();
    for cell in json::<Vec<Executed>>(executed)? {
        if let Some(case) = cell.case {
            *cases.entry(case).or_insert(true) &= cell.ok;
        }
    }
    Ok(cases)
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(outcome: &str) -> Measured {
        let text = format!(
            r#"{{"kinds": {{"k": "a kind"}}, "ops": {{"o": {{"group": "g", "label": "o(x)"}}}},
                "cells": {{"k": {{"o": {{"outcome": "{outcome}", "notes": []}}}}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn executed(ok: bool) -> Executed {
        Executed {
            kind: "k".into(),
            made: "made()".into(),
            r#type: "K".into(),
            op: "o".into(),
            code: "x.o()".into(),
            rows: "M01, M02".into(),
            ok,
            ours: "ok: 42\nand more".into(),
            case: None,
            names: None,
            fix: "nothing to cross".into(),
        }
    }

    #[test]
    fn versions_that_do_the_same_are_one() {
        let measured = ["ok", "ok", "hangs"].map(measured);
        let grid = Grid::of(&measured, &[executed(true)]).unwrap();
        let python: Vec<_> = grid.cells[0][0]
            .python
            .iter()
            .map(|(versions, outcome)| (versions.as_str(), outcome.text.as_str()))
            .collect();
        assert_eq!(python, [("3.11–3.12", "ok"), ("3.13", "hangs")]);
        assert_eq!(grid.cells[0][0].rows, ["M01", "M02"]);
        assert_eq!(grid.cells[0][0].newest().text, "hangs");
    }

    #[test]
    fn an_exception_that_was_looked_at_is_one_all_the_same() {
        for (outcome, effect) in [
            ("ok: 42", Effect::Works),
            ("ok: «raises: TimeoutError»; then done=True", Effect::Fails),
            ("ok: at the call: TypeError", Effect::Fails),
            ("ok: TimedOut(timed out), x.done()=true", Effect::Fails),
            ("raises: TypeError", Effect::Fails),
            ("fails: InvalidState", Effect::Fails),
            ("returns True", Effect::True),
            ("returns false", Effect::False),
            ("warns: RuntimeWarning", Effect::Warns),
            ("hangs", Effect::Hangs),
        ] {
            assert_eq!(Effect::of(outcome), effect, "{outcome}");
        }
    }

    #[test]
    fn a_cell_that_failed_is_broken_whatever_it_says() {
        let measured = ["ok", "ok", "ok"].map(measured);
        let grid = Grid::of(&measured, &[executed(false)]).unwrap();
        assert!(matches!(&grid.cells[0][0].here, Here::Broken(how) if how == "ok: 42"));
        let grid = Grid::of(&measured, &[executed(true)]).unwrap();
        assert!(matches!(grid.cells[0][0].here, Here::Ran(_)));
    }

    #[test]
    fn a_message_tells_no_place() {
        assert_eq!(
            without_places("`{async block@$DIR/cells/x.rs:6:13: 6:18}` is not it"),
            "`async block` is not it"
        );
    }

    #[test]
    fn a_cell_that_did_not_run_is_missed() {
        let measured = ["ok", "ok", "ok"].map(measured);
        let missed = Grid::of(&measured, &[]).unwrap_err();
        assert_eq!(missed, "1 cells were measured, and 0 ran");
    }
}
