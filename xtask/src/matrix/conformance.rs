//! `docs/conformance.md`: every row of the reference and every test of CPython, and how it stands here.

use std::fmt::Write as _;

use super::prose::{GENERATED, text};
use super::totals;
use super::verdict::Judged;

/// The families of rows by the letters their ids begin with.
const FAMILIES: [(&str, &str); 12] = [
    ("F", "concurrent.futures.Future"),
    ("E", "Executor: submit, map, shutdown"),
    ("T", "ThreadPoolExecutor"),
    ("P", "ProcessPoolExecutor"),
    ("W", "concurrent.futures.wait"),
    ("A", "concurrent.futures.as_completed"),
    ("AF", "asyncio.Future"),
    ("AT", "Tasks, gather, wait, timeouts, groups, run"),
    ("B", "The bridge"),
    ("M", "The incompatibility matrix"),
    ("X", "What newer Pythons have"),
    ("S", "Where well-known articles are wrong"),
];

const HEAD: &str = "\
# Conformance

How what is here stands to CPython: every behaviour that a Python programmer can observe, a row each, and every test that CPython
3.13 has of `concurrent.futures` and of the bridging half of `asyncio` (of newer versions those that are new). A row or test is the
**same** here, a **compile error**, it **deviates** for the reason that is given, or it has no meaning in Rust (**n/a**). The last column names what was
executed: tests as `package module::function`, with a number where it is run on several executors; cells of the
[matrix](compat-matrix.md); files that must not compile. What failed says **BROKEN**.
";

pub(super) fn page(rows: &[Judged], originals: &[(String, Vec<Judged>)]) -> String {
    let mut page = format!("{GENERATED}\n{HEAD}\n");
    let all = originals.iter().flat_map(|(_, tests)| tests);
    let _ = writeln!(page, "* Rows {}.", totals::judged(rows.iter()));
    let _ = writeln!(page, "* Tests of CPython {}.", totals::judged(all));
    for (family, subject) in FAMILIES {
        let of_family: Vec<_> = rows.iter().filter(|row| letters(row) == family).collect();
        let _ = writeln!(
            page,
            "\n## {family}: {subject}\n\n{}.\n\n| row | behaviour in Python | here | shown by |\n|---|---|---|---|",
            totals::judged(of_family.iter().copied())
        );
        for row in of_family {
            line(row, &mut page);
        }
    }
    for (file, tests) in originals {
        let _ = writeln!(
            page,
            "\n## {file}\n\n{}.\n\n| test | what it checks | here | shown by |\n|---|---|---|---|",
            totals::judged(tests.iter())
        );
        for test in tests {
            line(test, &mut page);
        }
    }
    page
}

fn letters(row: &Judged) -> &str {
    row.name.trim_end_matches(|c: char| c.is_ascii_digit())
}

fn line(judged: &Judged, page: &mut String) {
    let mut status = judged.status.word().to_owned();
    if judged.is_broken() {
        status.insert_str(0, "**BROKEN**: ");
    }
    if let Some(why) = judged.why.as_deref().filter(|why| !why.is_empty()) {
        let _ = write!(status, ": {}", text(why));
    }
    let mut shown_by: Vec<_> = judged
        .shown_by
        .iter()
        .map(|proof| {
            let failed = if proof.is_broken { "**BROKEN** " } else { "" };
            format!("{failed}`{}`", proof.shown)
        })
        .collect();
    if shown_by.is_empty() {
        shown_by.push("nothing to execute".to_owned());
    }
    let _ = writeln!(
        page,
        "| {} | {} | {status} | {} |",
        judged.name,
        text(&judged.says),
        shown_by.join(", ")
    );
}
