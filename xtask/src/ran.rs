//! What the test runners printed, read: which tests ran, and how each ended.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

/// The tests of some packages.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    pub(crate) tests: Vec<Test>,
    /// Where a test is among them: package, binary, name.
    places: HashMap<(String, String, String), usize>,
    /// The files that must not compile, by path, and whether each fails with the message that is pinned.
    pub(crate) cases: BTreeMap<String, bool>,
    /// From the runners' own lines of summary.
    pub(crate) n_passed: usize,
    pub(crate) n_failed: usize,
}

/// One test.
#[derive(Debug, PartialEq)]
pub(crate) struct Test {
    pub(crate) package: String,
    /// `lib`, `doc`, or the name of the test target.
    pub(crate) binary: String,
    /// With its modules.
    pub(crate) name: String,
    pub(crate) passed: bool,
}

impl Test {
    /// The modules and the function.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &str> {
        self.name.split("::")
    }
}

impl Ran {
    /// Adds a test, or one more run of it: with other features of its package.
    fn add(&mut self, test: Test) {
        let key = (test.package.clone(), test.binary.clone(), test.name.clone());
        match self.places.entry(key) {
            Entry::Occupied(place) => self.tests[*place.get()].passed &= test.passed,
            Entry::Vacant(place) => {
                place.insert(self.tests.len());
                self.tests.push(test);
            }
        }
    }

    /// Adds what `cargo test -p package` printed.
    pub(crate) fn read(&mut self, package: &str, printed: &str) -> Result<(), String> {
        let mut binary = Binary::default();
        for line in printed.lines().map(plain) {
            let line = line.as_str();
            if let Some(name) = started(line) {
                binary.check_ended(package)?;
                binary = Binary::of(name);
            } else if is_begin(line) {
                binary.check_ended(package)?;
                binary.is_running = true;
            } else if let Some(summary) = Summary::parse(line) {
                let n_passed = binary.ended.iter().filter(|(_, passed)| *passed).count();
                let read = (n_passed, binary.ended.len() - n_passed);
                if read != (summary.n_passed, summary.n_failed) {
                    return Err(format!(
                        "{package}, {}: the runner counts {} tests that passed and {} that failed; {} and {} were read",
                        binary.name, summary.n_passed, summary.n_failed, read.0, read.1
                    ));
                }
                binary.is_running = false;
                self.n_passed += summary.n_passed;
                self.n_failed += summary.n_failed;
                let name = binary.name.clone();
                for (test, passed) in std::mem::take(&mut binary.ended) {
                    self.add(Test {
                        package: package.to_owned(),
                        binary: name.clone(),
                        name: test,
                        passed,
                    });
                }
            } else {
                binary.read(line, package, &mut self.cases);
            }
        }
        binary.check_ended(package)
    }
}

/// One test program while its lines are read.
#[derive(Default)]
struct Binary {
    name: String,
    /// Name and whether it passed.
    ended: Vec<(String, bool)>,
    /// A test whose verdict has not come yet: with one thread the runner writes it when the test has ended, and what is
    /// printed meanwhile comes in between.
    begun: Option<String>,
    /// Its tests have begun, and their summary has not come.
    is_running: bool,
}

impl Binary {
    fn of(name: String) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    /// Fails if it died before its summary.
    fn check_ended(&self, package: &str) -> Result<(), String> {
        if self.is_running || !self.ended.is_empty() || self.begun.is_some() {
            let name = &self.name;
            return Err(format!(
                "{package}, {name}: the tests ended without their summary"
            ));
        }
        Ok(())
    }

    fn read(&mut self, line: &str, package: &str, cases: &mut BTreeMap<String, bool>) {
        let Some((name, verdict)) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.split_once(" ... "))
        else {
            if let Some(passed) = verdict(line)
                && let Some(name) = self.begun.take()
            {
                self.ended.push((name, passed));
            }
            return;
        };
        let name = name.trim().trim_end_matches(" - should panic");
        let name = name.split(" [should ").next().unwrap_or(name);
        if name.ends_with(".rs") {
            let passed = verdict.trim() == "ok";
            *cases
                .entry(format!("crates/{package}/{name}"))
                .or_insert(true) &= passed;
            return;
        }
        match self::verdict(verdict) {
            Some(passed) => self.ended.push((name.to_owned(), passed)),
            None if verdict.starts_with("ignored") => {}
            None => self.begun = Some(name.to_owned()),
        }
    }
}

/// A line without the sequences that colour it: trybuild writes them into a pipe, too.
fn plain(line: &str) -> String {
    let mut parts = line.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, text)| text));
    }
    plain
}

fn verdict(text: &str) -> Option<bool> {
    match text.trim() {
        "ok" => Some(true),
        "FAILED" => Some(false),
        _ => None,
    }
}

/// The name of the test program that begins here: cargo says so.
fn started(line: &str) -> Option<String> {
    let line = line.trim_start();
    if line.starts_with("Doc-tests ") {
        return Some("doc".to_owned());
    }
    let target = line.strip_prefix("Running ")?;
    if target.starts_with("unittests ") {
        return Some("lib".to_owned());
    }
    let (path, _) = target.split_once(" (")?;
    let name = path.strip_prefix("tests/")?.trim_end_matches("/main.rs");
    Some(name.trim_end_matches(".rs").to_owned())
}

/// The runner's first line: `running 3 tests`.
fn is_begin(line: &str) -> bool {
    let count = line.strip_prefix("running ");
    let (n, what) = count.and_then(|it| it.split_once(' ')).unwrap_or_default();
    n.parse::<usize>().is_ok() && matches!(what, "test" | "tests")
}

struct Summary {
    n_passed: usize,
    n_failed: usize,
}

impl Summary {
    fn parse(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("test result: ")?;
        let count = |what: &str| {
            let (before, _) = rest.split_once(&format!(" {what}"))?;
            before.rsplit(' ').next()?.parse().ok()
        };
        Some(Self {
            n_passed: count("passed")?,
            n_failed: count("failed")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(printed: &str) -> Result<Ran, String> {
        let mut ran = Ran::default();
        ran.read("x", printed).map(|()| ran)
    }

    #[test]
    fn tests_are_told_apart_by_program_and_name() {
        let printed = "
     Running unittests src/lib.rs (target/debug/deps/x-1)
test a::b ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
     Running tests/it/main.rs (target/debug/deps/it-1)
test c - should panic ... ok
test d              ... FAILED
test e ... ignored, slow
test \x1b[0m\x1b[1mtests/compile_fail/f.rs\x1b[0m ... \x1b[0m\x1b[32mok
\x1b[0m
test tests/compile_fail/g.rs [should fail to compile] ... mismatch
test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests x
test crates/x/src/lib.rs - (line 3) ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
        let ran = ran(printed).unwrap();
        let told: Vec<_> = ran
            .tests
            .iter()
            .map(|test| (test.binary.as_str(), test.name.as_str(), test.passed))
            .collect();
        assert_eq!(
            told,
            [
                ("lib", "a::b", true),
                ("it", "c", true),
                ("it", "d", false),
                ("doc", "crates/x/src/lib.rs - (line 3)", true)
            ]
        );
        assert_eq!((ran.n_passed, ran.n_failed), (3, 1));
        assert!(ran.cases["crates/x/tests/compile_fail/f.rs"]);
        assert!(!ran.cases["crates/x/tests/compile_fail/g.rs"]);
    }

    #[test]
    fn a_verdict_may_come_after_other_output() {
        let printed =
            "test a ... a child's line\nok\ntest result: ok. 1 passed; 0 failed; 0 ignored";
        assert!(ran(printed).unwrap().tests[0].passed);
    }

    #[test]
    fn what_is_read_agrees_with_the_runners_count() {
        let printed = "test a ... ok\ntest result: ok. 2 passed; 0 failed; 0 ignored";
        assert!(ran(printed).unwrap_err().contains("counts 2"));
    }

    #[test]
    fn a_failure_whose_line_was_lost_is_missed() {
        let printed = "test a ... noiseFAILED\ntest result: FAILED. 0 passed; 1 failed; 0 ignored";
        assert!(ran(printed).unwrap_err().contains("0 and 0 were read"));
    }

    #[test]
    fn a_test_that_ran_twice_is_one_and_both_must_pass() {
        let once = "test a ... ok\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";
        let again = "test a ... FAILED\ntest result: FAILED. 0 passed; 1 failed; 0 ignored\n";
        let ran = ran(&format!("{once}{again}")).unwrap();
        assert_eq!(ran.tests.len(), 1);
        assert!(!ran.tests[0].passed);
        assert_eq!((ran.n_passed, ran.n_failed), (1, 1));
    }

    #[test]
    fn a_runner_that_dies_is_an_error() {
        for printed in [
            "test a ... ok\n",
            "running 1 test\n",
            "running 2 tests\nnoise\n",
        ] {
            assert!(ran(printed).unwrap_err().contains("summary"), "{printed}");
            let next = format!("{printed}     Running tests/b.rs (x/b-1)\n");
            assert!(ran(&next).unwrap_err().contains("summary"), "{next}");
        }
    }
}
