//! The matrix: kinds of future, operations on them, what Python does in each cell and what happens here.
//!
//! A cell either runs, and says what came out in the words that the measurement of Python uses (`ok: 42`, `returns true`,
//! `fails: …` for `raises: …`), or it does not compile, and a compile-fail case pins the message.

mod bench;
mod code;
mod fate;
mod kind;
mod making;
pub mod measured;
mod ops;
mod outcome;
mod row;

use std::{fmt, sync::Arc};

pub use self::kind::{Form, Kind};
use self::row::{Here, Row};

/// One kind of future under one operation.
#[derive(Debug)]
pub struct Cell {
    /// As in the measurement of Python.
    pub kind: Kind,
    /// As in the measurement of Python.
    pub op: &'static str,
    /// The operation in Rust, on `x`.
    pub code: &'static str,
    /// The rows of the behavioural reference that it is about, separated by commas.
    pub rows: String,
    /// What happens here.
    pub ours: Ours,
    /// How to cross, or what differs: three lines at most, all code between backticks.
    pub fix: String,
}

impl Cell {
    /// Whether this line of source does with `x` what the code does.
    pub fn is_done_by(&self, line: &str) -> bool {
        let uses = code::uses_of_x(self.code);
        uses.iter().any(|used| code::occurs(used, line))
    }

    /// The pieces of code that its fix gives.
    pub fn code_of_fix(&self) -> Vec<String> {
        code::pieces(&self.fix)
    }
}

/// What happens to an operation here.
pub enum Ours {
    /// It compiles and runs.
    Runs {
        /// What comes out.
        expected: &'static str,
        /// Finds out what comes out.
        run: Arc<dyn Fn() -> String + Send + Sync>,
    },
    /// It does not compile.
    DoesNotCompile {
        /// The file in `cells/` that shows it, without its ending.
        case: String,
        /// The function that bridges, as the message names it; empty where the words are rustc's own.
        names: &'static str,
    },
}

impl fmt::Debug for Ours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runs { expected, .. } => f
                .debug_struct("Runs")
                .field("expected", expected)
                .finish_non_exhaustive(),
            Self::DoesNotCompile { case, names } => f
                .debug_struct("DoesNotCompile")
                .field("case", case)
                .field("names", names)
                .finish(),
        }
    }
}

/// All cells, in the order of the measurement: operation by operation, kind by kind.
///
/// # Panics
/// If an operation says nothing about a type of future, which a test of this module finds.
pub fn cells() -> Vec<Cell> {
    let rows = ops::rows();
    rows.iter()
        .flat_map(|row| Kind::ALL.map(|kind| cell(row, kind)))
        .collect()
}

fn cell(row: &Row, kind: Kind) -> Cell {
    let (here, fix, rows) = row.on(kind.form());
    let ours = match here {
        Here::Runs { expected, run } => {
            let run = *run;
            Ours::Runs {
                expected: expected.of(kind),
                run: Arc::new(move || run(kind)),
            }
        }
        Here::DoesNotCompile { case, names } => Ours::DoesNotCompile {
            case: case.clone(),
            names,
        },
    };
    // A coroutine in Python, so that nothing is as it is there.
    let is_other_kind = kind == Kind::ToThread && fix.starts_with("As in Python");
    let fix = if is_other_kind {
        "`to_thread` starts at the call and gives an `AioFuture`, where Python gives a coroutine."
    } else {
        fix
    };
    Cell {
        kind,
        op: row.op,
        code: row.code,
        rows,
        ours,
        fix: fix.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{measured::Matrix, *};

    /// Where no bound of these crates is missed, so that the words are rustc's: `.await`, a value that was moved, a method of a
    /// type that is not ours, and what nobody awaits.
    fn is_worded_by_rustc(cell: &Cell) -> bool {
        let is_of_others = matches!(cell.kind.form(), Form::Coroutine | Form::Awaitable);
        match cell.op {
            "await" | "await_twice" => true,
            "gather_dup" => cell.kind.form() != Form::Blocking,
            "wait_not_awaited" => matches!(cell.kind.form(), Form::Future | Form::Task),
            op => is_of_others && (op == "rie_result" || ops::is_method(op)),
        }
    }

    #[test]
    fn every_measured_cell_has_its_counterpart_and_no_other() {
        let ours: Vec<_> = cells()
            .iter()
            .map(|cell| (cell.op, cell.kind.id()))
            .collect();
        for matrix in Matrix::all() {
            let measured: Vec<_> = matrix
                .ops
                .names()
                .flat_map(|op| matrix.kinds.names().map(move |kind| (op, kind)))
                .collect();
            assert_eq!(ours, measured, "{}", matrix.python);
            assert_eq!(measured.len(), 15 * 59);
        }
    }

    #[test]
    fn every_cell_says_how_to_cross_in_three_lines() {
        for cell in cells() {
            let n_lines = cell.fix.lines().count();
            assert!((1..=3).contains(&n_lines), "{cell:?}");
            assert!(!cell.code.is_empty(), "{cell:?}");
        }
    }

    /// So that all of it is compiled by the trial of the fixes.
    #[test]
    fn the_code_of_a_fix_is_between_backticks() {
        for cell in cells() {
            let prose = code::prose(&cell.fix);
            let is_code = prose.contains(['(', '_', '[']) || prose.contains("::");
            assert!(!is_code, "{prose:?} of {cell:?}");
            assert_eq!(cell.fix.matches('`').count() % 2, 0, "{cell:?}");
            for line in cell.fix.lines() {
                assert_eq!(line.matches('`').count() % 2, 0, "{line}");
            }
        }
    }

    #[test]
    fn a_cell_has_only_the_rows_of_its_type() {
        let rows = |op, kind| {
            let is_it = |cell: &Cell| cell.op == op && cell.kind == kind;
            cells().into_iter().find(is_it).expect("a cell").rows
        };
        assert_eq!(rows("result", Kind::CfThreadQueued), "M18, B33, B35");
        assert_eq!(rows("result", Kind::TaskDone), "M18");
        assert_eq!(rows("cf_wait", Kind::Coroutine), "M16");
        assert_eq!(rows("cf_wait", Kind::CfThreadDone), "B33, B35");
    }

    #[test]
    fn only_rustcs_own_messages_name_no_bridge() {
        for cell in cells() {
            if let Ours::DoesNotCompile { names, .. } = cell.ours {
                assert_eq!(names.is_empty(), is_worded_by_rustc(&cell), "{cell:?}");
            }
        }
    }

    #[test]
    fn every_cell_that_does_not_compile_has_a_case_that_does_what_its_code_says() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cells");
        for cell in cells() {
            let Ours::DoesNotCompile { case, .. } = &cell.ours else {
                continue;
            };
            let path = folder.join(case).with_extension("rs");
            let source = fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}: {cell:?}", path.display()));
            let uses = code::uses_of_x(cell.code);
            assert!(!uses.is_empty(), "{cell:?}");
            for used in uses {
                assert!(
                    code::occurs(used, &source),
                    "{case}.rs has no {used}: {cell:?}"
                );
            }
            assert!(path.with_extension("stderr").exists(), "{cell:?}");
        }
    }

    #[test]
    fn nothing_hangs_or_warns_here() {
        for cell in cells() {
            if let Ours::Runs { expected, .. } = cell.ours {
                let known = ["ok: ", "returns true", "returns false", "fails: "];
                assert!(
                    known.iter().any(|how| expected.starts_with(how)),
                    "{cell:?}"
                );
                assert!(!expected.contains("warns"), "{cell:?}");
            }
        }
    }
}
