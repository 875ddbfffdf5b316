//! Lints are silenced with `expect` and a reason: it complains when the reason has gone.

use super::Finding;
use crate::tree::Tree;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for (index, line) in file.lines.iter().enumerate() {
            let code: String = line.code.split_whitespace().collect();
            if code.contains("#[allow(") || code.contains("#![allow(") {
                let message =
                    "a lint is allowed: write #[expect(lint, reason = \"..\")], or obey it";
                findings.push(Finding::new(&file.path, index + 1, message));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allow_is_found_and_expect_is_not() {
        let text = "#[expect(dead_code, reason = \"x\")]\n#[allow(dead_code)]\n// #[allow(x)]\n#![allow( unused )]";
        let findings = check(&Tree::of(&[("a.rs", text)]));
        assert_eq!(
            findings.iter().map(|it| it.line).collect::<Vec<_>>(),
            [2, 4]
        );
    }
}
