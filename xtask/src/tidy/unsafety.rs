//! Unsafe code lives in `sys` modules; the crates that a program is built on forbid it altogether, but for the process pool.

use super::Finding;
use crate::source::{self, Line};
use crate::tree::{File, Tree};

const FORBIDDING: [&str; 6] = [
    "crates/aio-bridge/src/lib.rs",
    "crates/cf-core/src/lib.rs",
    "crates/cf-pool/src/lib.rs",
    "crates/cf-task-macros/src/lib.rs",
    "crates/cf-task/src/lib.rs",
    "crates/concurrent-futures/src/lib.rs",
];
/// The attributes that forbid it.
const FORBID: &[&str] = &["#![forbid(unsafe_code)]"];
/// Whose shared memory cannot do without: it is forbidden where the process pool is not built, and else denied, so that each
/// exception is written down.
const WITH_PROCESSES: &str = "crates/cf-pool/src/lib.rs";
const FORBID_WITHOUT_PROCESSES: &[&str] = &[
    "#![cfg_attr(not(feature = \"process\"), forbid(unsafe_code))]",
    "#![deny(unsafe_code)]",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in FORBIDDING {
        let required = if path == WITH_PROCESSES {
            FORBID_WITHOUT_PROCESSES
        } else {
            FORBID
        };
        for attribute in required {
            if !tree.get(path).is_some_and(|file| has(file, attribute)) {
                findings.push(Finding::new(path, 1, format!("lacks {attribute}")));
            }
        }
    }
    for file in tree.rust().filter(|file| !may_be_unsafe(file)) {
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
    for file in tree.rust() {
        let exceptions = (0..file.lines.len()).filter(|&index| is_exception(&file.lines[index]));
        for index in exceptions.filter(|&index| !is_of_sys(&file.lines[index..])) {
            findings.push(Finding::new(
                &file.path,
                index + 1,
                "unsafe code may be expected of a module named sys only",
            ));
        }
    }
    findings
}

/// Unsafe code lives in modules named for it; programs that must not compile are run by nobody.
fn may_be_unsafe(file: &File) -> bool {
    file.is_under("sys") || file.stem() == "sys" || file.is_under("compile_fail")
}

/// Whether the file has the attribute as it is written, whatever its strings say, in its code.
fn has(file: &File, attribute: &str) -> bool {
    let code = source::lines(attribute).remove(0).code;
    let texts = file.text.lines().map(str::trim);
    file.lines
        .iter()
        .zip(texts)
        .any(|(line, text)| line.code.trim() == code && text == attribute)
}

/// Whether the line names the lint, and not in order to forbid or deny it.
fn is_exception(line: &Line) -> bool {
    line.has_word("unsafe_code") && !line.has_word("forbid") && !line.has_word("deny")
}

/// Whether what comes after the attribute, in whose middle the lines begin, is a module `sys`.
fn is_of_sys(lines: &[Line]) -> bool {
    let mut lines = lines.iter().map(|line| line.code.trim());
    let after = lines.by_ref().find(|code| code.ends_with(']'));
    let item = lines.find(|code| !code.is_empty() && !code.starts_with("#["));
    after
        .and(item)
        .is_some_and(|item| item.ends_with("mod sys;"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree_with(path: &str, text: &str) -> Tree {
        let libs = FORBIDDING.map(|path| {
            let lib = match path {
                WITH_PROCESSES => {
                    "//! x\n#![cfg_attr(not(feature = \"process\"), forbid(unsafe_code))]\n#![deny(unsafe_code)]"
                }
                _ => "//! x\n#![forbid(unsafe_code)]",
            };
            (path, lib)
        });
        Tree::of(&[&libs[..], &[(path, text)]].concat())
    }

    #[test]
    fn a_crate_that_does_not_forbid_unsafe_code_is_found() {
        let tree = Tree::of(&[
            (FORBIDDING[0], "#![deny(unsafe_code)]"),
            (FORBIDDING[1], "// #![forbid(unsafe_code)]"),
        ]);
        let mut paths: Vec<_> = check(&tree).into_iter().map(|it| it.path).collect();
        paths.dedup(); // one finding for each of two attributes
        assert_eq!(paths, FORBIDDING);
    }

    #[test]
    fn the_process_pools_crate_forbids_it_in_exactly_this_way() {
        let good = tree_with("crates/a/src/b.rs", "");
        let text = &good.get(WITH_PROCESSES).unwrap().text;
        for bad in [
            text.replace("not(feature = \"process\")", "not(feature = \"rayon\")"),
            text.replace("not(feature = \"process\")", "feature = \"process\""),
            text.replace("#![deny", "// #![deny"),
            "//! x\n#![forbid(unsafe_code)]".to_owned(),
        ] {
            let libs = FORBIDDING.map(|path| match path {
                WITH_PROCESSES => (path, bad.as_str()),
                _ => (path, good.get(path).unwrap().text.as_str()),
            });
            assert!(!check(&Tree::of(&libs)).is_empty(), "{bad}");
        }
        assert_eq!(check(&good), []);
    }

    #[test]
    fn nothing_but_a_module_sys_is_expected_to_be_unsafe() {
        let path = "crates/cf-pool/src/process.rs";
        let on_one_line = "#[expect(unsafe_code, reason = \"x\")]\n";
        let on_several = "#[expect(\n    unsafe_code,\n    reason = \"x\"\n)]\n";
        for attribute in [on_one_line, on_several] {
            for fine in ["mod sys;", "#[cfg(unix)]\npub(crate) mod sys;"] {
                let text = format!("{attribute}{fine}");
                assert_eq!(check(&tree_with(path, &text)), [], "{text}");
            }
            for bad in ["mod ring;", "fn f() {}\nmod sys;", ""] {
                let text = format!("{attribute}{bad}");
                assert_eq!(check(&tree_with(path, &text)).len(), 1, "{text}");
            }
        }
        let whole_file = "#![expect(unsafe_code, reason = \"x\")]\nfn f() {}";
        assert_eq!(check(&tree_with(path, whole_file)).len(), 1);
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
            ("crates/a/tests/compile_fail/b.rs", "unsafe { g() }"),
            (
                "crates/a/src/b.rs",
                "// unsafe\nlet a = \"unsafe\"; #![forbid(unsafe_code)]",
            ),
        ] {
            assert_eq!(check(&tree_with(path, text)), [], "{path}");
        }
    }
}
