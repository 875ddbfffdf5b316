//! The manifests of the workspace's crates, as far as the tasks need to know them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::cargo::root;

/// Nothing is built on it, so it is linted with the workspace only; its test runs every case once, for a moment.
pub(crate) const BENCHMARKS: &str = "cf-bench";

/// One crate's `Cargo.toml`.
#[derive(Debug)]
pub(crate) struct Manifest {
    dir: PathBuf,
    table: Table,
}

/// An example and the features it asks for.
#[derive(Debug, PartialEq)]
pub(crate) struct Example {
    pub(crate) name: String,
    pub(crate) features: Vec<String>,
}

/// Every crate in `crates/`, by name.
pub(crate) fn crates() -> Result<Vec<Manifest>, String> {
    let mut crates = Vec::new();
    for dir in entries(&root().join("crates"))? {
        let path = dir.join("Cargo.toml");
        if path.is_file() {
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            crates.push(
                Manifest::parse(dir, &text)
                    .map_err(|error| format!("{}: {error}", path.display()))?,
            );
        }
    }
    Ok(crates)
}

impl Manifest {
    pub(crate) fn parse(dir: impl Into<PathBuf>, text: &str) -> Result<Self, String> {
        let table = text.parse::<Table>().map_err(|error| error.to_string())?;
        Ok(Self {
            dir: dir.into(),
            table,
        })
    }

    pub(crate) fn name(&self) -> &str {
        self.package("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Whether it is tested with each combination of its features.
    pub(crate) fn is_tested(&self) -> bool {
        self.name() != BENCHMARKS
    }

    /// The value of a key of `[package]`.
    pub(crate) fn package(&self, key: &str) -> Option<&Value> {
        self.table.get("package")?.get(key)
    }

    pub(crate) fn is_published(&self) -> bool {
        self.package("publish").and_then(Value::as_bool) != Some(false)
    }

    /// The folders that are no members of this workspace, though they lie in it.
    pub(crate) fn excluded(&self) -> Vec<&str> {
        let excluded = self
            .table
            .get("workspace")
            .and_then(|workspace| workspace.get("exclude")?.as_array());
        excluded
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    pub(crate) fn inherits_lints(&self) -> bool {
        let workspace = self
            .table
            .get("lints")
            .and_then(|lints| lints.get("workspace"));
        workspace.and_then(Value::as_bool) == Some(true)
    }

    /// The names of all dependencies: ordinary, of tests, of build scripts, of single platforms.
    pub(crate) fn dependencies(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let targets = self.table.get("target").and_then(Value::as_table);
        let platforms = targets
            .into_iter()
            .flat_map(Table::values)
            .filter_map(Value::as_table);
        for table in std::iter::once(&self.table).chain(platforms) {
            for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
                let Some(dependencies) = table.get(section).and_then(Value::as_table) else {
                    continue;
                };
                for (key, value) in dependencies {
                    names.push(value.get("package").and_then(Value::as_str).unwrap_or(key));
                }
            }
        }
        names
    }

    /// The arguments for cargo that select each combination of features worth building: the default ones,
    /// none, each one alone, all.
    pub(crate) fn feature_sets(&self) -> Vec<Vec<String>> {
        let empty = Table::new();
        let features = self
            .table
            .get("features")
            .and_then(Value::as_table)
            .unwrap_or(&empty);
        let has_default = features
            .get("default")
            .and_then(Value::as_array)
            .is_some_and(|list| !list.is_empty());
        let names: Vec<&String> = features.keys().filter(|name| *name != "default").collect();

        let mut sets = vec![vec![]];
        if has_default {
            sets.push(vec!["--no-default-features".to_owned()]);
        }
        for name in &names {
            let mut set = vec!["--features".to_owned(), (*name).clone()];
            if has_default {
                set.insert(0, "--no-default-features".to_owned());
            }
            sets.push(set);
        }
        if names.len() > 1 {
            sets.push(vec!["--all-features".to_owned()]);
        }
        sets
    }

    /// The examples, in the order of names: those in the crate's folder, and those that have a path in the manifest.
    pub(crate) fn examples(&self) -> Vec<Example> {
        let paths = entries(&self.dir.join("examples")).unwrap_or_default();
        let is_example = |path: &&PathBuf| {
            path.extension().is_some_and(|ext| ext == "rs") || path.join("main.rs").is_file()
        };
        let found = paths
            .iter()
            .filter(is_example)
            .filter_map(|path| path.file_stem()?.to_str());
        let placed = self
            .declared_examples()
            .filter(|example| example.get("path").is_some())
            .filter_map(|example| example.get("name")?.as_str());
        let names: BTreeSet<&str> = found.chain(placed).collect();
        names
            .into_iter()
            .map(|name| Example {
                name: name.to_owned(),
                features: self.features_of_example(name),
            })
            .collect()
    }

    fn features_of_example(&self, name: &str) -> Vec<String> {
        let features = self
            .declared_examples()
            .filter(|example| example.get("name").and_then(Value::as_str) == Some(name))
            .filter_map(|example| example.get("required-features")?.as_array());
        features
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    fn declared_examples(&self) -> impl Iterator<Item = &Value> {
        let declared = self.table.get("example").and_then(Value::as_array);
        declared.into_iter().flatten()
    }
}

/// What a folder holds, in the order of names.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let entries =
        std::fs::read_dir(dir).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<PathBuf> = entries.map_err(|error| format!("{}: {error}", dir.display()))?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Manifest {
        Manifest::parse("crates/x", text).unwrap()
    }

    #[test]
    fn a_crate_without_features_has_one_combination() {
        assert_eq!(
            manifest("[package]\nname = 'x'").feature_sets(),
            [Vec::<String>::new()]
        );
    }

    #[test]
    fn one_feature_makes_two_combinations() {
        let sets = manifest("[features]\ndefault = []\nrayon = []").feature_sets();
        assert_eq!(sets, [vec![], vec!["--features", "rayon"]]);
    }

    #[test]
    fn default_features_are_also_left_out() {
        let sets = manifest("[features]\ndefault = ['a']\na = []\nb = []").feature_sets();
        let none = "--no-default-features";
        assert_eq!(
            sets,
            [
                vec![],
                vec![none],
                vec![none, "--features", "a"],
                vec![none, "--features", "b"],
                vec!["--all-features"]
            ]
        );
    }

    #[test]
    fn dependencies_are_found_wherever_they_stand() {
        let text = "
            [dependencies]
            a.workspace = true
            [dev-dependencies]
            renamed = { package = 'b', version = '1' }
            [target.'cfg(cf_loom)'.dependencies]
            c = '1'";
        assert_eq!(manifest(text).dependencies(), ["a", "b", "c"]);
    }

    #[test]
    fn an_example_with_a_path_is_found_wherever_it_stands() {
        let text = "
            [[example]]
            name = 'b'
            path = 'examples/deep/b.rs'
            required-features = ['rayon']
            [[example]]
            name = 'a'
            path = 'elsewhere/a.rs'
            [[example]]
            name = 'none-such'";
        let example = |name: &str, features: &[&str]| Example {
            name: name.to_owned(),
            features: features.iter().copied().map(str::to_owned).collect(),
        };
        assert_eq!(
            manifest(text).examples(),
            [example("a", &[]), example("b", &["rayon"])]
        );
    }

    #[test]
    fn an_example_in_the_folder_that_has_a_path_too_is_one() {
        let dir = root().join("crates/concurrent-futures");
        let text = "[[example]]\nname = 'tour'\npath = 'examples/tour/main.rs'";
        let examples = Manifest::parse(dir, text).unwrap().examples();
        let tours = examples.iter().filter(|example| example.name == "tour");
        assert_eq!(tours.count(), 1);
    }

    #[test]
    fn an_example_knows_the_features_it_asks_for() {
        let text = "[[example]]\nname = 'r'\nrequired-features = ['rayon']";
        assert_eq!(manifest(text).features_of_example("r"), ["rayon"]);
        assert!(manifest(text).features_of_example("other").is_empty());
    }
}
