//! Unsafe code lives in `sys` modules; the crates that a program is built on forbid it altogether.

use super::Finding;
use super::tree::Tree;

const FORBIDDING: [&str; 4] = [
    "crates/aio-bridge/src/lib.rs",
    "crates/cf-core/src/lib.rs",
    "crates/cf-pool/src/lib.rs",
    "crates/concurrent-futures/src/lib.rs",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in FORBIDDING {
        let forbids = |file: &super::tree::File| {
            file.lines
                .iter()
                .any(|line| line.code.trim() == "#![forbid(unsafe_code)]")
        };
        if !tree.get(path).is_some_and(forbids) {
            findings.push(Finding::new(path, 1, "lacks #![forbid(unsafe_code)]"));
        }
    }
    for file in tree
        .rust()
        .filter(|file| !file.is_under("sys") && file.stem() != "sys")
    {
        for (index, line) in file.lines.iter().enumerate() {
            if line.has_word("unsafe") {
                findings.push(Finding::new(
                    &file.path,
                    index + 1,
                    "unsafe code outside a sys module",
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree_with(path: &str, text: &str) -> Tree {
        let lib = "//! x\n#![forbid(unsafe_code)]";
        let libs = FORBIDDING.map(|path| (path, lib));
        Tree::of(&[&libs[..], &[(path, text)]].concat())
    }

    #[test]
    fn a_crate_that_does_not_forbid_unsafe_code_is_found() {
        let tree = Tree::of(&[
            (FORBIDDING[0], "#![deny(unsafe_code)]"),
            (FORBIDDING[1], "// #![forbid(unsafe_code)]"),
        ]);
        assert_eq!(
            check(&tree)
                .iter()
                .map(|it| it.path.as_str())
                .collect::<Vec<_>>(),
            FORBIDDING
        );
    }

    #[test]
    fn unsafe_code_is_found() {
        let findings = check(&tree_with(
            "crates/a/src/cell.rs",
            "fn f() {\n    unsafe { g() }\n}",
        ));
        assert_eq!(
            findings,
            [Finding::new(
                "crates/a/src/cell.rs",
                2,
                "unsafe code outside a sys module"
            )]
        );
    }

    #[test]
    fn sys_modules_and_mere_mentions_are_fine() {
        for (path, text) in [
            ("crates/a/src/sys/unix.rs", "unsafe { g() }"),
            ("crates/a/src/sys.rs", "unsafe { g() }"),
            (
                "crates/a/src/b.rs",
                "// unsafe\nlet a = \"unsafe\"; #![forbid(unsafe_code)]",
            ),
        ] {
            assert_eq!(check(&tree_with(path, text)), [], "{path}");
        }
    }
}
