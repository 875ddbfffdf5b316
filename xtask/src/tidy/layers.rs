//! Crates depend downwards only: facade, bridge, pools, tasks, core.

use super::Finding;
use crate::manifest::Manifest;
use crate::tree::Tree;

/// From the bottom up. A crate may depend on those of lower layers only.
const LAYERS: [&[&str]; 7] = [
    &["cf-core", "cf-task-macros"],
    &["cf-task"],
    &["cf-pool"],
    &["aio-bridge"],
    &["concurrent-futures"],
    &["cf-bench", "cf-compat-tests", "cf-pool-fuzz"],
    &["xtask"],
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.manifests() {
        // A manifest that cannot be read is reported by another rule.
        let Ok(manifest) = Manifest::parse("", &file.text) else {
            continue;
        };
        let Some(layer) = layer(manifest.name()) else {
            let message = format!(
                "crate `{}` has no layer yet: give it one in xtask/src/tidy/layers.rs",
                manifest.name()
            );
            findings.push(Finding::new(&file.path, 1, message));
            continue;
        };
        for dependency in manifest.dependencies() {
            if self::layer(dependency).is_some_and(|below| below >= layer) {
                let is_named = |line: &str| line.trim_start().starts_with(dependency);
                let line = file
                    .text
                    .lines()
                    .position(is_named)
                    .map_or(1, |index| index + 1);
                let message = format!(
                    "`{}` must not depend on `{dependency}`: it is not below it",
                    manifest.name()
                );
                findings.push(Finding::new(&file.path, line, message));
            }
        }
    }
    findings
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(name: &str, rest: &str) -> Vec<(usize, String)> {
        let text = format!("[package]\nname = '{name}'\n{rest}");
        let tree = Tree::of(&[("crates/x/Cargo.toml", &text)]);
        check(&tree)
            .into_iter()
            .map(|it| (it.line, it.message))
            .collect()
    }

    #[test]
    fn a_dependency_that_points_up_is_found_in_every_section() {
        let complaint = |line| {
            vec![(
                line,
                "`cf-core` must not depend on `cf-pool`: it is not below it".to_owned(),
            )]
        };
        assert_eq!(
            findings("cf-core", "[dependencies]\ncf-pool.workspace = true"),
            complaint(4)
        );
        assert_eq!(
            findings("cf-core", "[dev-dependencies]\ncf-pool.workspace = true"),
            complaint(4)
        );
        assert_eq!(
            findings(
                "cf-core",
                "[target.'cfg(unix)'.dependencies]\ncf-pool = '1'"
            ),
            complaint(4)
        );
    }

    #[test]
    fn neighbours_and_oneself_are_not_below() {
        assert_eq!(
            findings("cf-core", "[dependencies]\ncf-task-macros = '1'").len(),
            1
        );
        assert_eq!(
            findings("cf-core", "[dev-dependencies]\ncf-core = '1'").len(),
            1
        );
    }

    #[test]
    fn pointing_down_or_out_is_fine() {
        let rest = "[dependencies]\ncf-pool = '1'\ncf-core = '1'\ntracing = '1'";
        assert_eq!(findings("concurrent-futures", rest), []);
    }

    #[test]
    fn a_new_crate_is_given_a_layer() {
        assert_eq!(findings("cf-cluster", "").len(), 1);
    }
}
