//! The shape of files: their first line, their length, their name.

use super::Finding;
use crate::tree::{File, Tree};

const MAX_LINES: usize = 500;
const MANY_LINES: usize = 400;
const NAMELESS: [&str; 7] = [
    "common",
    "helper",
    "helpers",
    "types",
    "util",
    "utils",
    "utilities",
];

pub(super) fn first_line(tree: &Tree) -> Vec<Finding> {
    let is_told = |file: &&File| {
        let first = file.text.lines().next().unwrap_or_default();
        first
            .strip_prefix("//!")
            .is_some_and(|what| !what.trim().is_empty())
    };
    let silent = tree.rust().filter(|file| !is_told(file));
    silent
        .map(|file| {
            Finding::new(
                &file.path,
                1,
                "line one does not say what the file is for (`//! ..`)",
            )
        })
        .collect()
}

pub(super) fn length(tree: &Tree) -> Vec<Finding> {
    let message =
        |n_lines| format!("{n_lines} lines: two ideas share this file (the limit is {MAX_LINES})");
    longer_than(tree, MAX_LINES)
        .map(|(file, n_lines)| Finding::new(&file.path, n_lines, message(n_lines)))
        .collect()
}

/// Files that are fine still, but not for long.
pub(super) fn getting_long(tree: &Tree) -> Vec<Finding> {
    let long = longer_than(tree, MANY_LINES).filter(|(_, n_lines)| *n_lines <= MAX_LINES);
    long.map(|(file, n_lines)| {
        Finding::new(
            &file.path,
            n_lines,
            format!("{n_lines} lines of {MAX_LINES}"),
        )
    })
    .collect()
}

fn longer_than(tree: &Tree, limit: usize) -> impl Iterator<Item = (&File, usize)> {
    let sources = tree.rust().filter(|file| file.is_under("src"));
    sources
        .map(|file| (file, file.text.lines().count()))
        .filter(move |(_, n_lines)| *n_lines > limit)
}

pub(super) fn name(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        let folder = NAMELESS.iter().find(|name| file.is_under(name));
        if let Some(name) = NAMELESS
            .iter()
            .find(|name| file.stem() == **name)
            .or(folder)
        {
            findings.push(Finding::new(
                &file.path,
                1,
                format!("`{name}` names no idea: call it by what it is for"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_does_not_say_what_it_is_for_is_found() {
        let tree = Tree::of(&[
            ("crates/a/src/good.rs", "//! Says it.\n"),
            ("crates/a/src/late.rs", "\n//! Too late.\n"),
            ("crates/a/src/void.rs", "//!\n"),
            ("crates/a/tests/compile_fail/cell.rs", "fn main() {}\n"),
            ("docs/page.md", "# Not Rust\n"),
        ]);
        let paths: Vec<_> = first_line(&tree).into_iter().map(|it| it.path).collect();
        assert_eq!(
            paths,
            [
                "crates/a/src/late.rs",
                "crates/a/src/void.rs",
                "crates/a/tests/compile_fail/cell.rs"
            ]
        );
    }

    #[test]
    fn a_file_of_501_lines_is_found_and_one_of_401_is_noted() {
        let (long, too_long) = ("x\n".repeat(401), "x\n".repeat(501));
        let tree = Tree::of(&[
            ("crates/a/src/long.rs", &long),
            ("crates/a/src/too_long.rs", &too_long),
            ("crates/a/tests/it/too_long.rs", &too_long),
        ]);
        assert_eq!(
            length(&tree)
                .into_iter()
                .map(|it| it.path)
                .collect::<Vec<_>>(),
            ["crates/a/src/too_long.rs"]
        );
        assert_eq!(
            getting_long(&tree)
                .into_iter()
                .map(|it| it.path)
                .collect::<Vec<_>>(),
            ["crates/a/src/long.rs"]
        );
    }

    #[test]
    fn a_name_without_an_idea_is_found() {
        let tree = Tree::of(&[
            ("crates/a/src/util.rs", ""),
            ("crates/a/tests/common/mod.rs", ""),
            ("crates/a/src/commonplace.rs", ""),
        ]);
        let paths: Vec<_> = name(&tree).into_iter().map(|it| it.path).collect();
        assert_eq!(
            paths,
            ["crates/a/src/util.rs", "crates/a/tests/common/mod.rs"]
        );
    }
}
