//! Every row of the behavioural reference is tested, or `docs/from-python.md` says why it cannot or need not be.
//!
//! How tests and tables name rows is said in `rows.rs`. Whether those tests pass is what `cargo xtask matrix` finds out.

use std::collections::BTreeSet;

use super::Finding;
use crate::rows::{Entry, TABLE, leading_ids, told};
use crate::tree::Tree;

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
/// Families that the cells of the matrix name too, and they are known only when they run: `cargo xtask matrix` checks them.
const OF_THE_MATRIX: [&str; 3] = ["M", "X", "S"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut covered = BTreeSet::new();
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !file.is_under("compile_fail")) {
        for (line, comment) in told(file).into_iter().flat_map(|told| told.comments) {
            let (ids, _) = leading_ids(comment);
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

fn exists(id: &str) -> bool {
    let (family, number) = id.split_at(id.len() - 2);
    let n_rows = FAMILIES
        .iter()
        .find(|(known, ..)| *known == family)
        .map(|(_, n_rows, _)| *n_rows);
    match n_rows {
        Some(n_rows) => number
            .parse()
            .is_ok_and(|number| (1..=n_rows).contains(&number)),
        None => OF_THE_MATRIX.contains(&family),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows_of(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of(&[(path, text)]);
        let told = tree.rust().flat_map(told);
        let comments = told.flat_map(|told| told.comments);
        comments
            .flat_map(|(_, comment)| leading_ids(comment).0)
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
    fn a_row_that_does_not_exist_is_found_and_families_of_the_matrix_are_let_be() {
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
            ["F22: the verdict needs its reason in the same line"]
        );
        assert_eq!(
            complaints("| F30 | n/a: |"),
            ["F30: the verdict needs its reason in the same line"]
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
