//! Every crate inherits the lints; those that are published say what they are and under which licence.

use super::Finding;
use crate::manifest::Manifest;
use crate::tree::Tree;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let workspace = tree
        .get("Cargo.toml")
        .and_then(|file| Manifest::parse("", &file.text).ok());
    // Such as `cargo fuzz` wants them; they have nothing to inherit.
    let is_excluded = |path: &str| {
        let excluded = workspace.as_ref().map_or_else(Vec::new, Manifest::excluded);
        excluded
            .iter()
            .any(|dir| path.strip_suffix("/Cargo.toml") == Some(*dir))
    };
    for file in tree.manifests() {
        let mut find = |message: String| findings.push(Finding::new(&file.path, 1, message));
        let manifest = match Manifest::parse("", &file.text) {
            Ok(manifest) => manifest,
            Err(error) => {
                find(error);
                continue;
            }
        };
        if !manifest.inherits_lints() && !is_excluded(&file.path) {
            find("does not inherit the workspace's lints (`[lints] workspace = true`)".into());
        }
        if manifest.is_published() {
            for key in ["description", "license"] {
                if manifest.package(key).is_none() {
                    find(format!("a published crate needs a {key}"));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        check(&Tree::of(&[("crates/a/Cargo.toml", text)]))
            .into_iter()
            .map(|it| it.message)
            .collect()
    }

    #[test]
    fn what_is_missing_is_found() {
        assert_eq!(
            messages("[package]\nname = 'a'"),
            [
                "does not inherit the workspace's lints (`[lints] workspace = true`)",
                "a published crate needs a description",
                "a published crate needs a license",
            ]
        );
    }

    #[test]
    fn a_crate_that_is_not_published_needs_the_lints_only() {
        assert_eq!(
            messages("[package]\nname = 'a'\npublish = false\n[lints]\nworkspace = true"),
            [""; 0]
        );
    }

    #[test]
    fn a_crate_that_is_no_member_inherits_nothing() {
        let text = "[package]\nname = 'a'\npublish = false";
        let findings = |excluded: &str| {
            let workspace = format!("[workspace]\nexclude = ['{excluded}']");
            check(&Tree::of(&[
                ("Cargo.toml", &workspace),
                ("crates/a/Cargo.toml", text),
            ]))
            .len()
        };
        assert_eq!((findings("crates/a"), findings("crates/b")), (0, 1));
    }

    #[test]
    fn a_complete_crate_passes_and_a_broken_manifest_does_not() {
        let good = "[package]\nname = 'a'\ndescription = 'x'\nlicense.workspace = true\n[lints]\nworkspace = true";
        assert_eq!(messages(good), [""; 0]);
        assert_eq!(messages("[package").len(), 1);
    }
}
