//! What is said of every row of the reference and of every test of CPython: its status, why, and what shows it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use super::DATA;
use super::grid::{Cell, Grid, Here, Operation};
use super::witness::Witness;
use crate::ran::Ran;
use crate::rows::{Entry, TABLE, Verdict, case};
use crate::tree::Tree;

/// How what is here stands to Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Same,
    CompileError,
    Deviates,
    NotApplicable,
}

impl Status {
    pub(super) const ALL: [Self; 4] = [
        Self::Same,
        Self::CompileError,
        Self::Deviates,
        Self::NotApplicable,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::CompileError => "compile error",
            Self::Deviates => "deviates",
            Self::NotApplicable => "n/a",
        }
    }
}

/// One row, or one test of CPython.
#[derive(Debug)]
pub(super) struct Judged {
    /// The row's id, or the name of the test.
    pub(super) name: String,
    /// What it says, or checks.
    pub(super) says: String,
    pub(super) status: Status,
    pub(super) why: Option<String>,
    pub(super) shown_by: Vec<Proof>,
}

impl Judged {
    pub(super) fn is_broken(&self) -> bool {
        self.shown_by.iter().any(|proof| proof.is_broken)
    }
}

/// Something that was executed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Proof {
    pub(super) shown: String,
    pub(super) is_broken: bool,
    /// It is a test that says how it differs from its originals.
    differs: bool,
}

impl Proof {
    fn of(witness: &Witness<'_>) -> Self {
        Self {
            shown: witness.shown(),
            is_broken: witness.is_broken(),
            differs: !witness.differences.is_empty(),
        }
    }
}

/// What is known when all has been executed.
pub(super) struct Known<'a> {
    pub(super) root: &'a Path,
    pub(super) tree: &'a Tree,
    pub(super) ran: &'a Ran,
    pub(super) grid: &'a Grid,
    pub(super) witnesses: &'a [Witness<'a>],
}

impl Known<'_> {
    /// All rows in the order of the reference; or which have no status.
    pub(super) fn rows(&self) -> Result<Vec<Judged>, String> {
        let mut proofs: HashMap<&str, Vec<Proof>> = HashMap::new();
        for witness in self.witnesses {
            for row in &witness.rows {
                proofs.entry(row).or_default().push(Proof::of(witness));
            }
        }
        for (operation, cells) in self.grid.operations.iter().zip(&self.grid.cells) {
            let rows: BTreeSet<_> = cells.iter().flat_map(|cell| &cell.rows).collect();
            for row in rows {
                let proof = self.cells(row, operation, cells);
                proofs.entry(row).or_default().push(proof);
            }
        }
        let table = self.tree.get(TABLE).ok_or("the table is missing")?;
        let entries: Vec<_> = table.text.lines().filter_map(Entry::parse).collect();
        let mut judged = Vec::new();
        let mut wrong = Vec::new();
        for line in self.table("rows.tsv")? {
            let [id, says, last, ..] = &line[..] else {
                return Err(format!("rows.tsv: {line:?}"));
            };
            // A row of an article has what that says, and then what is true.
            let says = match id.starts_with('S') {
                true => format!("{says}. In Python: {last}"),
                false => says.clone(),
            };
            let entry = entries.iter().find(|entry| entry.ids.contains(id));
            let row = self.row(id, &says, entry, &entries, &proofs)?;
            let differs = row.shown_by.iter().find(|proof| proof.differs);
            match (entry, differs) {
                (None, None) if row.shown_by.is_empty() => {
                    wrong.push(format!(
                        "{id}: no test that ran names it, and {TABLE} does not explain it"
                    ));
                }
                (None, Some(proof)) => wrong.push(format!(
                    "{id}: {} says how it differs, and {TABLE} does not: `deviates: …`, or `same: …` if that is about \
                     something else",
                    proof.shown
                )),
                _ => judged.push(row),
            }
        }
        if wrong.is_empty() {
            Ok(judged)
        } else {
            Err(wrong.join("\n"))
        }
    }

    fn row(
        &self,
        id: &str,
        says: &str,
        entry: Option<&Entry<'_>>,
        entries: &[Entry<'_>],
        proofs: &HashMap<&str, Vec<Proof>>,
    ) -> Result<Judged, String> {
        let mut shown_by = proofs.get(id).cloned().unwrap_or_default();
        let mut why = None;
        let status = match entry {
            None => Status::Same,
            Some(entry) => {
                for case in entry.cases(self.tree)? {
                    shown_by.push(self.case(case)?);
                }
                why = Some(entry.why());
                match entry.verdict {
                    Verdict::As => {
                        let mut status = Status::Same;
                        for row in entry.shown_by() {
                            let of_row = proofs.get(row.as_str());
                            shown_by.extend(of_row.cloned().unwrap_or_default());
                            let entry = entries.iter().find(|entry| entry.ids.contains(&row));
                            status = status.max(entry.map_or(Status::Same, status_of));
                        }
                        status
                    }
                    _ => status_of(entry),
                }
            }
        };
        shown_by.dedup();
        Ok(Judged {
            name: id.to_owned(),
            says: says.to_owned(),
            status,
            why,
            shown_by,
        })
    }

    /// All tests of CPython by file; or which have no status, or two.
    pub(super) fn originals(&self) -> Result<Vec<(String, Vec<Judged>)>, String> {
        let mut told: BTreeMap<&str, Vec<&Witness<'_>>> = BTreeMap::new();
        for witness in self.witnesses {
            for original in &witness.originals {
                told.entry(original).or_default().push(witness);
            }
        }
        let mut not_ported = self.table("not-ported-cf.tsv")?;
        not_ported.extend(self.table("not-ported-aio.tsv")?);
        let mut listed = HashMap::new();
        for line in &not_ported {
            let [file, class, test, status, why] = &line[..] else {
                return Err(format!("not-ported: {line:?}"));
            };
            listed.insert(original(file, class, test), (status.as_str(), why.as_str()));
        }
        let mut files: Vec<(String, Vec<Judged>)> = Vec::new();
        let mut wrong = Vec::new();
        let mut known = HashSet::new();
        let mut tests = self.table("cpython-tests.tsv")?;
        tests.extend(self.table("cpython-tests-newer.tsv")?);
        for line in &tests {
            let [file, class, test, checks, ..] = &line[..] else {
                return Err(format!("cpython-tests: {line:?}"));
            };
            let name = original(file, class, test);
            let since = line.get(6).map(|since| format!(" (since {since})"));
            let judged = match (told.get(name.as_str()), listed.get(&name)) {
                (Some(witnesses), None) => retold(witnesses, test, since.is_some()),
                (None, Some(listed)) => self.not_retold(*listed)?,
                (Some(_), Some(_)) => {
                    wrong.push(format!("{name} is told and listed"));
                    continue;
                }
                (None, None) => {
                    wrong.push(format!("{name} is neither told nor listed"));
                    continue;
                }
            };
            let (status, why, shown_by) = judged;
            // A newer Python may have changed a test and kept its name, so that it comes twice.
            known.insert(name);
            let judged = Judged {
                name: format!("{class}.{test}"),
                says: format!("{checks}{}", since.unwrap_or_default()),
                status,
                why,
                shown_by,
            };
            match files.iter_mut().find(|(name, _)| name == file) {
                Some((_, tests)) => tests.push(judged),
                None => files.push((file.clone(), vec![judged])),
            }
        }
        let names = told
            .into_keys()
            .map(str::to_owned)
            .chain(listed.into_keys());
        let unknown = names.filter(|name| !known.contains(name));
        wrong.extend(unknown.map(|name| format!("there is no {name}")));
        if wrong.is_empty() {
            Ok(files)
        } else {
            Err(wrong.join("\n"))
        }
    }

    fn not_retold(&self, (status, why): (&str, &str)) -> Result<Told, String> {
        match status {
            "compile error" => {
                let case = self.case(case(why, self.tree)?)?;
                Ok((Status::CompileError, None, vec![case]))
            }
            "not applicable" => Ok((Status::NotApplicable, Some(why.to_owned()), Vec::new())),
            _ => Err(format!("not-ported: there is no status {status}")),
        }
    }

    /// The proof that a file does not compile.
    fn case(&self, path: &str) -> Result<Proof, String> {
        let passed = self.ran.cases.get(path);
        let passed = passed.ok_or_else(|| format!("{path} was not compiled"))?;
        Ok(Proof {
            shown: path.trim_start_matches("crates/").to_owned(),
            is_broken: !passed,
            differs: false,
        })
    }

    /// What the cells of an operation that are about a row show, or which of them do not.
    fn cells(&self, row: &str, operation: &Operation, cells: &[Cell]) -> Proof {
        let about_it: Vec<_> = self
            .grid
            .kinds
            .iter()
            .zip(cells)
            .filter(|(_, cell)| cell.rows.iter().any(|it| it == row))
            .collect();
        let broken: Vec<_> = about_it
            .iter()
            .filter(|(_, cell)| matches!(cell.here, Here::Broken(_)))
            .map(|(kind, _)| format!("{}::{}", operation.id, kind.id))
            .collect();
        let shown = if broken.is_empty() {
            format!("cells {} ×{}", operation.id, about_it.len())
        } else {
            format!("cells {}", broken.join(", "))
        };
        Proof {
            shown,
            is_broken: !broken.is_empty(),
            differs: false,
        }
    }

    /// The lines of a table of data but the first, in fields.
    fn table(&self, name: &str) -> Result<Vec<Vec<String>>, String> {
        let path = self.root.join(DATA).join(name);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let lines = text.lines().skip(1);
        Ok(lines
            .map(|line| line.split('\t').map(str::to_owned).collect())
            .collect())
    }
}

fn status_of(entry: &Entry<'_>) -> Status {
    match entry.verdict {
        Verdict::CompileError => Status::CompileError,
        Verdict::Deviates => Status::Deviates,
        Verdict::NotApplicable => Status::NotApplicable,
        Verdict::Same | Verdict::As => Status::Same,
    }
}

type Told = (Status, Option<String>, Vec<Proof>);

fn retold(witnesses: &[&Witness<'_>], test: &str, is_newer: bool) -> Told {
    let mut differences: Vec<_> = witnesses
        .iter()
        .flat_map(|witness| &witness.differences)
        .filter(|difference| difference.is_from(test, is_newer))
        .map(|difference| difference.how.as_str())
        .collect();
    differences.dedup();
    let status = if differences.is_empty() {
        Status::Same
    } else {
        Status::Deviates
    };
    let proofs = witnesses.iter().map(|witness| Proof::of(witness));
    let why = (!differences.is_empty()).then(|| differences.join("; "));
    (status, why, proofs.collect())
}

/// The name that comments use: without the folder.
fn original(file: &str, class: &str, test: &str) -> String {
    let file = file.rsplit('/').next().unwrap_or(file);
    format!("{file} {class}.{test}")
}
