//! Which tests that ran speak for which rows and for which of CPython's tests: the comments above them say so.

use crate::ran::{Ran, Test};
use crate::rows::{leading_ids, told};
use crate::tree::{File, Tree};

/// A function of a test file, and the tests that are made of it: one, or one an executor.
#[derive(Debug)]
pub(super) struct Witness<'a> {
    /// Package, module and function.
    pub(super) name: String,
    pub(super) rows: Vec<String>,
    /// Its originals, as `test_wait.py WaitTests.test_timeout`.
    pub(super) originals: Vec<String>,
    pub(super) differences: Vec<Difference>,
    pub(super) tests: Vec<&'a Test>,
}

/// How a test differs from its originals.
#[derive(Debug, PartialEq)]
pub(super) struct Difference {
    /// From which: the name of a test of CPython; `3.13` if newer Pythons do as it is here; all, if none is named.
    from: Option<String>,
    pub(super) how: String,
}

impl Difference {
    /// Of a comment: `Differs: how`, or `Differs from test_wait: how`.
    fn parse(comment: &str) -> Option<Self> {
        let (from, how) = comment.strip_prefix("Differs")?.split_once(": ")?;
        let from = match from {
            "" => None,
            _ => Some(from.strip_prefix(" from ")?.to_owned()),
        };
        Some(Self {
            from,
            how: how.trim_end_matches('.').to_owned(),
        })
    }

    /// Whether it is a difference from this test of CPython, of 3.13 or newer.
    pub(super) fn is_from(&self, test: &str, is_newer: bool) -> bool {
        match self.from.as_deref() {
            None => true,
            Some("3.13") => !is_newer,
            Some(from) => from == test,
        }
    }
}

impl Witness<'_> {
    pub(super) fn is_broken(&self) -> bool {
        self.tests.iter().any(|test| !test.passed)
    }

    /// The name, and of how many tests it stands for, if of more than one.
    pub(super) fn shown(&self) -> String {
        match self.tests.len() {
            1 => self.name.clone(),
            n => format!("{} ×{n}", self.name),
        }
    }
}

/// All of them; those of which no test ran are left out, for they are models, or of another platform.
pub(super) fn all<'a>(tree: &Tree, ran: &'a Ran) -> Vec<Witness<'a>> {
    let files = tree.rust().filter(|file| !file.is_under("compile_fail"));
    let witnesses = files.flat_map(|file| of_file(file, ran));
    witnesses
        .filter(|witness| !witness.tests.is_empty())
        .collect()
}

fn of_file<'a>(file: &File, ran: &'a Ran) -> Vec<Witness<'a>> {
    let Some(place) = Place::of(&file.path) else {
        return Vec::new();
    };
    let witnesses = told(file).into_iter().filter_map(|told| {
        let comments = || told.comments.iter().map(|(_, comment)| *comment);
        let rows: Vec<_> = comments()
            .flat_map(|comment| leading_ids(comment).0)
            .collect();
        let originals: Vec<_> = comments()
            .filter_map(|comment| comment.strip_prefix("CPython: "))
            .flat_map(|originals| originals.split("; "))
            .map(str::to_owned)
            .collect();
        if rows.is_empty() && originals.is_empty() {
            return None;
        }
        let module = place.modules.last().map(|module| format!("{module}::"));
        Some(Witness {
            name: format!(
                "{} {}{}",
                place.package,
                module.unwrap_or_default(),
                told.function
            ),
            rows,
            originals,
            differences: comments().filter_map(Difference::parse).collect(),
            tests: place.tests(ran, told.function),
        })
    });
    witnesses.collect()
}

/// Where a test stands, as its file's path tells it.
struct Place<'p> {
    package: &'p str,
    /// The test program.
    binary: &'p str,
    /// The modules on the way from its root.
    modules: Vec<&'p str>,
}

impl<'p> Place<'p> {
    fn of(path: &'p str) -> Option<Self> {
        let mut parts = path
            .strip_prefix("crates/")?
            .strip_suffix(".rs")?
            .split('/');
        let package = parts.next()?;
        let binary = match parts.next()? {
            "src" => "lib",
            "tests" => parts.next()?,
            _ => return None,
        };
        let modules = parts.filter(|part| !matches!(*part, "main" | "lib"));
        Some(Self {
            package,
            binary,
            modules: modules.collect(),
        })
    }

    /// The tests that are made of a function: itself, in a module of its executor, or a module of that name with one test
    /// an executor.
    fn tests<'a>(&self, ran: &'a Ran, function: &str) -> Vec<&'a Test> {
        let is_made_of_it = |test: &&Test| {
            let path: Vec<_> = test.segments().collect();
            let is_named = |n_from_end: usize| {
                path.len() > n_from_end && path[path.len() - 1 - n_from_end] == function
            };
            test.package == self.package
                && test.binary == self.binary
                && path.starts_with(&self.modules)
                && path.len() > self.modules.len()
                && (is_named(0) || (is_named(1) && path.len() > self.modules.len() + 1))
        };
        ran.tests.iter().filter(is_made_of_it).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "crates/a/tests/it/wait.rs";

    fn ran(tests: &[(&str, bool)]) -> Ran {
        let mut ran = Ran::default();
        ran.tests.extend(tests.iter().map(|(name, passed)| Test {
            package: "a".into(),
            binary: "it".into(),
            name: (*name).into(),
            passed: *passed,
        }));
        ran
    }

    #[test]
    fn a_comment_names_rows_originals_and_the_difference() {
        let text = "// CPython: test_wait.py WaitTests.test_a; test_wait.py WaitTests.test_b\n// W01, W02: why\n// Differs: sooner.\n#[test]\nfn x() {}";
        let (tree, ran) = (Tree::of(&[(PATH, text)]), ran(&[("wait::x", true)]));
        let all = all(&tree, &ran);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].shown(), "a wait::x");
        assert_eq!(all[0].rows, ["W01", "W02"]);
        assert_eq!(
            all[0].originals,
            [
                "test_wait.py WaitTests.test_a",
                "test_wait.py WaitTests.test_b"
            ]
        );
        let [difference] = &all[0].differences[..] else {
            panic!("{all:?}");
        };
        assert_eq!(difference.how, "sooner");
        assert!(difference.is_from("test_a", true));
        assert!(!all[0].is_broken());
    }

    #[test]
    fn one_function_may_be_a_test_on_each_executor() {
        let tree = Tree::of(&[(PATH, "// W01\nfn x(executor: &E) {}")]);
        let ran = ran(&[
            ("wait::on_threads::x", true),
            ("wait::x::rayon", false),
            ("other::x", true),
            ("x::wait", true),
            ("wait::xx", true),
        ]);
        let all = all(&tree, &ran);
        assert_eq!(all[0].shown(), "a wait::x ×2");
        assert!(all[0].is_broken());
    }

    #[test]
    fn what_did_not_run_is_no_witness() {
        let tree = Tree::of(&[(PATH, "// W01\n#[test]\nfn x() {}")]);
        assert!(all(&tree, &ran(&[("wait::y", true)])).is_empty());
    }

    #[test]
    fn a_test_of_another_program_or_module_is_none_of_this_file() {
        let tree = Tree::of(&[("crates/a/tests/loom.rs", "// W01\nfn x() {}")]);
        assert!(all(&tree, &ran(&[("wait::x", true), ("x", true)])).is_empty());
        let tree = Tree::of(&[("crates/a/tests/it/wait/few.rs", "// W01\nfn x() {}")]);
        let ran = ran(&[("wait::x", true), ("few::x", true), ("wait::few::x", true)]);
        assert_eq!(all(&tree, &ran)[0].tests.len(), 1);
    }

    #[test]
    fn a_difference_may_be_from_one_original_or_from_older_pythons() {
        let one = Difference::parse("Differs from test_a: why.").unwrap();
        assert!(one.is_from("test_a", false) && !one.is_from("test_b", false));
        let older = Difference::parse("Differs from 3.13: why.").unwrap();
        assert!(older.is_from("test_a", false) && !older.is_from("test_a", true));
        assert_eq!(Difference::parse("Differs a lot"), None);
    }
}
