//! Tests order events with barriers and gates. A sleep is right only where time itself is what is tested.

use super::Finding;
use crate::tree::{File, Tree};

/// Begins the comment that says why.
const REASON: &str = "// time:";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| file.is_under("tests")) {
        for (index, line) in file.lines.iter().enumerate() {
            let is_import = line.code.trim_start().starts_with("use ");
            if line.has_word("sleep") && !is_import && !is_explained(file, index) {
                let message = format!(
                    "a sleep in a test: use a gate, or say why time is the subject (`{REASON} ..`)"
                );
                findings.push(Finding::new(&file.path, index + 1, message));
            }
        }
    }
    findings
}

fn is_explained(file: &File, index: usize) -> bool {
    let begins = |index: usize| {
        file.lines[index]
            .comment
            .trim_start()
            .strip_prefix(REASON)
            .is_some_and(|why| !why.trim().is_empty())
    };
    begins(index) || (index > 0 && begins(index - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_without_a_reason_is_found() {
        let text = "use std::thread::sleep;\n// time:\nsleep(d);\nthread::sleep(d); // waits for the worker";
        let findings = check(&Tree::of(&[("crates/a/tests/it/wait.rs", text)]));
        assert_eq!(
            findings.iter().map(|it| it.line).collect::<Vec<_>>(),
            [3, 4]
        );
    }

    #[test]
    fn a_reason_on_the_same_or_the_previous_line_is_enough() {
        let text =
            "sleep(d); // time: the idle timeout must pass\n// time: as above\nthread::sleep(d);";
        assert_eq!(check(&Tree::of(&[("crates/a/tests/it/wait.rs", text)])), []);
    }

    #[test]
    fn outside_tests_sleeping_is_free() {
        assert_eq!(
            check(&Tree::of(&[("crates/a/examples/b.rs", "sleep(d);")])),
            []
        );
    }
}
