//! What came out of the cells, for the pages that are made of it.

use std::{
    collections::BTreeMap,
    env, fs,
    sync::{Arc, Mutex, PoisonError},
};

use cf_compat_tests::matrix::{Cell, Ours};
use serde::Serialize;

/// Where it goes.
const VARIABLE: &str = "CF_CELLS_REPORT";

/// By the place of the cell.
#[derive(Clone, Default)]
pub(crate) struct Report(Arc<Mutex<BTreeMap<usize, Line>>>);

#[derive(Serialize)]
struct Line {
    kind: &'static str,
    /// How the kind is made here, and its type.
    made: &'static str,
    r#type: &'static str,
    op: &'static str,
    code: &'static str,
    rows: String,
    ok: bool,
    /// What came out, or the first line of the compiler's error.
    ours: String,
    /// The file in `cells/`, where it does not compile.
    case: Option<String>,
    /// The function that the message names; empty where the words are rustc's own.
    names: Option<&'static str>,
    fix: String,
}

impl Report {
    pub(crate) fn note(&self, place: usize, cell: &Cell, observed: String, ok: bool) {
        let (case, names) = match &cell.ours {
            Ours::Runs { .. } => (None, None),
            Ours::DoesNotCompile { case, names } => (Some(case.clone()), Some(*names)),
        };
        let line = Line {
            kind: cell.kind.id(),
            made: cell.kind.made(),
            r#type: cell.kind.form().written(),
            op: cell.op,
            code: cell.code,
            rows: cell.rows.clone(),
            ok,
            ours: observed,
            case,
            names,
            fix: cell.fix.clone(),
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(place, line);
    }

    /// Writes it where the environment says, if it does.
    pub(crate) fn write(&self) {
        let Some(path) = env::var_os(VARIABLE) else {
            return;
        };
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<_> = lines.values().collect();
        let json = serde_json::to_string_pretty(&lines).expect("plain data");
        fs::write(path, json + "\n").expect("a path that can be written to");
    }
}
