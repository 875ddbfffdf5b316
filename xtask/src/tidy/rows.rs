//! Every row of the behavioural reference is tested, or `docs/from-python.md` says why it cannot or need not be.
//!
//! A test names its rows in a comment directly above it, the ids first: `// F02, F17` or `// F02: why this one`.
//! A line of the table in `docs/from-python.md` has one cell with ids only and one that begins with a verdict:
//! `compile error` (the same line names the file under `tests/compile_fail/`), `deviates: <reason>` or `n/a: <reason>`.

use std::collections::BTreeSet;

use super::Finding;
use super::source::Line;
use super::tree::{File, Tree};

/// The families of rows and how many there are of each, counted from 1. The reference is CPython 3.13.
const FAMILIES: [(&str, u8, &str); 9] = [
    ("F", 39, "concurrent.futures.Future"),
    ("E", 30, "Executor: submit, map, shutdown"),
    ("T", 23, "ThreadPoolExecutor"),
    ("P", 41, "ProcessPoolExecutor"),
    ("W", 17, "wait"),
    ("A", 12, "as_completed"),
    ("AF", 25, "asyncio.Future"),
    ("AT", 51, "tasks, gather, timeouts, run"),
    ("B", 38, "the bridge between the two"),
];
/// Families of parts that are not built yet: known, not checked.
const LATER: [&str; 2] = ["M", "X"];
const TABLE: &str = "docs/from-python.md";
const CELLS: &str = "tests/compile_fail/";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut covered = BTreeSet::new();
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !file.is_under("compile_fail")) {
        for (line, ids) in tested(file) {
            take(ids, &file.path, line, &mut covered, &mut findings);
        }
    }
    if let Some(table) = tree.get(TABLE) {
        for (index, line) in table.text.lines().enumerate() {
            let Some(entry) = Entry::parse(line) else {
                continue;
            };
            match entry.complaint(tree) {
                None => take(entry.ids, TABLE, index + 1, &mut covered, &mut findings),
                Some(complaint) => findings.push(Finding::new(TABLE, index + 1, complaint)),
            }
        }
    }
    for (family, n_rows, subject) in FAMILIES {
        for id in (1..=n_rows).map(|number| format!("{family}{number:02}")) {
            if !covered.contains(&id) {
                let message = format!(
                    "{id} ({subject}): no test names it in its comment, and no line here explains it"
                );
                findings.push(Finding::new(TABLE, 1, message));
            }
        }
    }
    findings
}

fn take(
    ids: Vec<String>,
    path: &str,
    line: usize,
    covered: &mut BTreeSet<String>,
    findings: &mut Vec<Finding>,
) {
    for id in ids {
        if exists(&id) {
            covered.insert(id);
        } else {
            findings.push(Finding::new(path, line, format!("there is no row {id}")));
        }
    }
}

/// The comments that name rows directly above a test: line and ids.
fn tested(file: &File) -> Vec<(usize, Vec<String>)> {
    let is_test_file = file.is_under("tests") || file.stem() == "tests";
    let marker = file
        .lines
        .iter()
        .position(|line| line.code.contains("#[cfg(test)]"));
    let first = if is_test_file {
        0
    } else {
        marker.unwrap_or(file.lines.len())
    };
    let lines = file.lines.iter().enumerate().skip(first);
    let named = lines
        .filter(|(_, line)| line.is_comment())
        .map(|(index, line)| {
            let (ids, _) = leading_ids(line.comment.trim_start().trim_start_matches(['/', '!']));
            (index, ids)
        });
    let is_above = |index: usize| is_above_test(&file.lines[index + 1..]);
    named
        .filter(|(index, ids)| !ids.is_empty() && is_above(*index))
        .map(|(index, ids)| (index + 1, ids))
        .collect()
}

/// True if what follows, after more comments and attributes, is a function.
fn is_above_test(lines: &[Line]) -> bool {
    let next = lines
        .iter()
        .find(|line| !line.is_comment() && !is_other_attribute(line));
    next.is_some_and(|line| line.code.contains("#[test]") || line.has_word("fn"))
}

fn is_other_attribute(line: &Line) -> bool {
    line.is_attribute() && !line.code.contains("#[test]") && !line.has_word("fn")
}

/// The ids a text begins with, and the rest. Ids are separated by commas, spaces or "and".
fn leading_ids(text: &str) -> (Vec<String>, &str) {
    let mut ids = Vec::new();
    let mut rest = text.trim();
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        if !is_id(word) {
            return (ids, rest);
        }
        ids.push(word.to_owned());
        rest = tail.trim_start_matches([',', ' ', '&']);
        rest = rest.strip_prefix("and ").unwrap_or(rest);
    }
}

/// One or two capitals of a known family and two digits.
fn is_id(word: &str) -> bool {
    let (family, number) = word.split_at(
        word.find(|c: char| c.is_ascii_digit())
            .unwrap_or(word.len()),
    );
    let is_known = FAMILIES.iter().any(|(known, ..)| *known == family) || LATER.contains(&family);
    is_known && number.len() == 2 && number.bytes().all(|digit| digit.is_ascii_digit())
}

fn exists(id: &str) -> bool {
    let (family, number) = id.split_at(id.len() - 2);
    let n_rows = FAMILIES
        .iter()
        .find(|(known, ..)| *known == family)
        .map_or(u8::MAX, |(_, n_rows, _)| *n_rows);
    number
        .parse()
        .is_ok_and(|number| (1..=n_rows).contains(&number))
}

/// A line of the table that gives a verdict on rows.
struct Entry<'a> {
    ids: Vec<String>,
    verdict: &'static str,
    /// What the cells say after the verdict.
    reason: String,
    line: &'a str,
}

impl<'a> Entry<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let cells: Vec<&str> = line
            .trim()
            .strip_prefix('|')?
            .split('|')
            .map(|cell| cell.trim().trim_matches('*'))
            .collect();
        let ids = cells
            .iter()
            .map(|cell| leading_ids(cell))
            .find(|(ids, rest)| !ids.is_empty() && rest.is_empty());
        let (ids, _) = ids?;
        let (index, verdict) = cells.iter().enumerate().find_map(|(index, cell)| {
            let verdicts = ["compile error", "deviates", "n/a"];
            let begins = |verdict: &&str| {
                cell.get(..verdict.len())
                    .is_some_and(|head| head.eq_ignore_ascii_case(verdict))
            };
            Some((index, verdicts.into_iter().find(begins)?))
        })?;
        let reason = std::iter::once(&cells[index][verdict.len()..])
            .chain(cells[index + 1..].iter().copied());
        Some(Self {
            ids,
            verdict,
            reason: reason.collect::<Vec<_>>().join(" "),
            line,
        })
    }

    fn complaint(&self, tree: &Tree) -> Option<String> {
        let rows = self.ids.join(", ");
        if self.verdict == "compile error" {
            let is_path = |c: char| c.is_alphanumeric() || "_-./".contains(c);
            let names: Vec<&str> = self
                .line
                .split(|c| !is_path(c))
                .filter(|word| word.ends_with(".rs"))
                .collect();
            if names.is_empty() {
                return Some(format!(
                    "{rows}: a compile error is shown by a file under crates/*/{CELLS}: name it"
                ));
            }
            let is_cell = |name: &str| {
                tree.rust().any(|file| {
                    file.path.contains(CELLS)
                        && (file.path == name || file.path.ends_with(&format!("/{name}")))
                })
            };
            let missing = names.into_iter().find(|name| !is_cell(name))?;
            return Some(format!(
                "{rows}: there is no compile-fail file `{missing}` under crates/*/{CELLS}"
            ));
        }
        let has_reason = self.reason.chars().filter(|c| c.is_alphabetic()).count() >= 8;
        (!has_reason).then(|| {
            format!(
                "{rows}: \"{}\" needs its reason in the same line",
                self.verdict
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows_of(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of(&[(path, text)]);
        tree.rust()
            .flat_map(tested)
            .flat_map(|(_, ids)| ids)
            .collect()
    }

    /// What is said about the table's own line, not about the rows that are missing.
    fn complaints(line: &str) -> Vec<String> {
        let tree = Tree::of(&[
            (TABLE, line),
            ("crates/cf-core/tests/compile_fail/set_twice.rs", "//! x"),
        ]);
        let findings = check(&tree).into_iter().map(|it| it.message);
        findings
            .filter(|message| !message.contains("no test names it"))
            .collect()
    }

    fn is_missing(tree: &Tree, id: &str) -> bool {
        check(tree)
            .iter()
            .any(|it| it.message.starts_with(&format!("{id} (")))
    }

    #[test]
    fn the_families_have_276_rows() {
        assert_eq!(
            FAMILIES
                .iter()
                .map(|(_, n_rows, _)| usize::from(*n_rows))
                .sum::<usize>(),
            276
        );
        assert_eq!(check(&Tree::of(&[])).len(), 276);
    }

    #[test]
    fn a_row_is_covered_by_the_comment_above_a_test() {
        let path = "crates/a/tests/it/future.rs";
        assert_eq!(
            rows_of(path, "// F02, F17\n#[test]\nfn x() {}"),
            ["F02", "F17"]
        );
        assert_eq!(
            rows_of(
                path,
                "/// F02 and F17: why\n// More.\n#[cfg(unix)]\n#[test]\nfn x() {}"
            ),
            ["F02", "F17"]
        );
        assert_eq!(
            rows_of(path, "    // W07\n    fn over_any(executor: &impl E) {}"),
            ["W07"]
        );
    }

    #[test]
    fn a_row_named_elsewhere_does_not_count() {
        let path = "crates/a/tests/it/future.rs";
        for text in [
            "// F02\n\n#[test]\nfn x() {}",
            "// F02\nlet x = 1;",
            "// about F02\n#[test]\nfn x() {}",
            "const X: &str = \"\n// F02\n#[test] fn x\";",
        ] {
            assert_eq!(rows_of(path, text), [""; 0], "{text}");
        }
    }

    #[test]
    fn in_src_only_tests_count() {
        let text = "// F01\nfn a() {}\n#[cfg(test)]\nmod tests {\n    // F02\n    #[test]\n    fn b() {}\n}";
        assert_eq!(rows_of("crates/a/src/b.rs", text), ["F02"]);
        assert_eq!(
            rows_of("crates/a/src/b/tests.rs", "// F03\n#[test]\nfn a() {}"),
            ["F03"]
        );
    }

    #[test]
    fn a_row_that_nobody_names_is_missing() {
        let tree = Tree::of(&[("crates/a/tests/it.rs", "// F02\n#[test]\nfn x() {}")]);
        assert!(!is_missing(&tree, "F02"));
        assert!(is_missing(&tree, "F03") && is_missing(&tree, "A12"));
    }

    #[test]
    fn a_row_that_does_not_exist_is_found_and_later_families_are_let_be() {
        let tree = Tree::of(&[(
            "crates/a/tests/it.rs",
            "//! x\n// F40, B39, M36\n#[test]\nfn x() {}",
        )]);
        let findings = check(&tree);
        for id in ["F40", "B39"] {
            assert!(findings.contains(&Finding::new(
                "crates/a/tests/it.rs",
                2,
                format!("there is no row {id}")
            )));
        }
        assert!(!findings.iter().any(|it| it.message.contains("M36")));
    }

    #[test]
    fn the_table_covers_rows_too() {
        let line = "| `fut.set_result` | F25, F26 | compile error: `set_twice.rs` |\n| x | F22 | **deviates**: all panics are caught |";
        let cell = ("crates/cf-core/tests/compile_fail/set_twice.rs", "//! x");
        let tree = Tree::of(&[(TABLE, line), cell]);
        assert!(
            !is_missing(&tree, "F25") && !is_missing(&tree, "F26") && !is_missing(&tree, "F22")
        );
        assert!(is_missing(&tree, "F24"));
    }

    #[test]
    fn a_compile_error_names_a_file_that_exists() {
        assert_eq!(
            complaints("| F25 | compile error | crates/cf-core/tests/compile_fail/set_twice.rs |"),
            [""; 0]
        );
        assert_eq!(
            complaints("| F25 | compile error (`set_twice.rs`) |"),
            [""; 0]
        );
        assert_eq!(complaints("| F25 | compile error |").len(), 1);
        assert_eq!(
            complaints("| F25 | compile error: `other.rs` |"),
            ["F25: there is no compile-fail file `other.rs` under crates/*/tests/compile_fail/"]
        );
    }

    #[test]
    fn a_deviation_needs_its_reason() {
        assert_eq!(
            complaints("| F22 | deviates: all panics are caught |"),
            [""; 0]
        );
        assert_eq!(
            complaints("| F22 | DEVIATES | all panics are caught |"),
            [""; 0]
        );
        assert_eq!(
            complaints("| F22 | deviates |"),
            ["F22: \"deviates\" needs its reason in the same line"]
        );
        assert_eq!(
            complaints("| F30 | n/a: |"),
            ["F30: \"n/a\" needs its reason in the same line"]
        );
    }

    #[test]
    fn other_lines_of_the_table_give_no_verdict() {
        let tree = Tree::of(&[(
            TABLE,
            "| F02 | `cancel()` | same |\n|---|---|\nF03 deviates: not a table",
        )]);
        assert!(is_missing(&tree, "F02") && is_missing(&tree, "F03"));
    }
}
