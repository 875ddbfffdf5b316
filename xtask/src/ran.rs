//! What the test runners printed, read: which tests ran, and how each ended.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use crate::report::Printed;

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
    ///
    /// The runners write to the one stream, a block a test program, and cargo says to the other which program comes; so the
    /// blocks are in the order of the programs, and those that are left over are of documentation.
    pub(crate) fn read(&mut self, package: &str, printed: &Printed) -> Result<(), String> {
        let lines = || printed.stderr.lines().map(plain);
        let programs: Vec<_> = lines().filter_map(|line| program(&line)).collect();
        let n_documented = lines()
            .filter(|line| line.trim_start().starts_with("Doc-tests "))
            .count();
        let blocks = blocks(package, &printed.stdout)?;
        if blocks.len() < programs.len() + n_documented {
            return Err(format!(
                "{package}: of {} test programs only {} told what they ran",
                programs.len() + n_documented,
                blocks.len()
            ));
        }
        for (place, block) in blocks.into_iter().enumerate() {
            let binary = programs.get(place).map_or("doc", String::as_str);
            self.n_passed += block.n_passed;
            self.n_failed += block.n_failed;
            for (name, passed) in block.tests {
                self.add(Test {
                    package: package.to_owned(),
                    binary: binary.to_owned(),
                    name,
                    passed,
                });
            }
        }
        for (name, passed) in lines().filter_map(|line| compiled(&line)) {
            *self
                .cases
                .entry(format!("crates/{package}/{name}"))
                .or_insert(true) &= passed;
        }
        Ok(())
    }
}

/// What one test program printed.
#[derive(Default)]
struct Block {
    /// Name and whether it passed.
    tests: Vec<(String, bool)>,
    n_passed: usize,
    n_failed: usize,
}

fn blocks(package: &str, stdout: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let mut block: Option<Block> = None;
    // A test whose verdict has not come yet: with one thread the runner writes it when the test has ended, and what is
    // printed meanwhile comes in between.
    let mut begun: Option<String> = None;
    let ended = |block: &Option<Block>| match block {
        None => Ok(()),
        Some(_) => Err(format!(
            "{package}: a test program ended without its summary"
        )),
    };
    for line in stdout.lines().map(plain) {
        if is_begin(&line) {
            ended(&block)?;
            block = Some(Block::default());
            begun = None;
        } else if let (Some(summary), Some(mut ended)) = (
            Summary::parse(&line),
            block.take_if(|_| line.starts_with("test result: ")),
        ) {
            let n_passed = ended.tests.iter().filter(|(_, passed)| *passed).count();
            let read = (n_passed, ended.tests.len() - n_passed);
            if read != (summary.n_passed, summary.n_failed) {
                return Err(format!(
                    "{package}: a runner counts {} tests that passed and {} that failed; {} and {} were read",
                    summary.n_passed, summary.n_failed, read.0, read.1
                ));
            }
            (ended.n_passed, ended.n_failed) = read;
            blocks.push(ended);
        } else if let Some(block) = &mut block {
            let test = line
                .strip_prefix("test ")
                .and_then(|rest| rest.split_once(" ... "));
            match test {
                Some((name, told)) => {
                    let name = name.trim().trim_end_matches(" - should panic");
                    match verdict(told) {
                        Some(passed) => block.tests.push((name.to_owned(), passed)),
                        None if told.starts_with("ignored") => {}
                        None => begun = Some(name.to_owned()),
                    }
                }
                None => {
                    if let Some(passed) = verdict(&line)
                        && let Some(name) = begun.take()
                    {
                        block.tests.push((name, passed));
                    }
                }
            }
        }
    }
    ended(&block)?;
    Ok(blocks)
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

/// The name of the test program that cargo says it starts: `lib`, or that of the target.
fn program(line: &str) -> Option<String> {
    let target = line.trim_start().strip_prefix("Running ")?;
    if target.starts_with("unittests ") {
        return Some("lib".to_owned());
    }
    let (path, _) = target.split_once(" (")?;
    let name = path.strip_prefix("tests/")?.trim_end_matches("/main.rs");
    Some(name.trim_end_matches(".rs").to_owned())
}

/// A file that trybuild compiled, and whether it failed as it should.
fn compiled(line: &str) -> Option<(String, bool)> {
    let (name, verdict) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let name = name.split(" [should ").next()?.trim();
    name.ends_with(".rs")
        .then(|| (name.to_owned(), verdict.trim() == "ok"))
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

    fn ran(stderr: &str, stdout: &str) -> Result<Ran, String> {
        let mut ran = Ran::default();
        let printed = Printed {
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        };
        ran.read("x", &printed).map(|()| ran)
    }

    #[test]
    fn tests_are_told_apart_by_program_and_name() {
        let stderr = "
     Running unittests src/lib.rs (target/debug/deps/x-1)
     Running tests/it/main.rs (target/debug/deps/it-1)
test \x1b[0m\x1b[1mtests/compile_fail/f.rs\x1b[0m ... \x1b[0m\x1b[32mok
\x1b[0mtest tests/compile_fail/g.rs [should fail to compile] ... mismatch
   Doc-tests x
";
        let stdout = "
running 1 test
test a::b ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
running 3 tests
test c - should panic ... ok
test d              ... FAILED
test e ... ignored, slow
test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
running 1 test
test crates/x/src/lib.rs - (line 3) ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
        let ran = ran(stderr, stdout).unwrap();
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

    const RUNNING: &str = "     Running tests/it.rs (x/it-1)\n";

    #[test]
    fn a_verdict_may_come_after_other_output() {
        let printed = "running 1 test\ntest a ... a child's line\nok\ntest result: ok. 1 passed; 0 failed; 0 ignored";
        assert!(ran(RUNNING, printed).unwrap().tests[0].passed);
    }

    #[test]
    fn what_is_read_agrees_with_the_runners_count() {
        let printed =
            "running 2 tests\ntest a ... ok\ntest result: ok. 2 passed; 0 failed; 0 ignored";
        assert!(ran(RUNNING, printed).unwrap_err().contains("counts 2"));
    }

    #[test]
    fn a_failure_whose_line_was_lost_is_missed() {
        let printed = "running 1 test\ntest a ... noiseFAILED\ntest result: FAILED. 0 passed; 1 failed; 0 ignored";
        let missed = ran(RUNNING, printed).unwrap_err();
        assert!(missed.contains("0 and 0 were read"));
    }

    #[test]
    fn a_test_that_ran_twice_is_one_and_both_must_pass() {
        let once =
            "running 1 test\ntest a ... ok\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";
        let again = "running 1 test\ntest a ... FAILED\ntest result: FAILED. 0 passed; 1 failed; 0 ignored\n";
        let twice = format!("{RUNNING}{RUNNING}");
        let ran = ran(&twice, &format!("{once}{again}")).unwrap();
        assert_eq!(ran.tests.len(), 1);
        assert!(!ran.tests[0].passed);
        assert_eq!((ran.n_passed, ran.n_failed), (1, 1));
    }

    #[test]
    fn a_runner_that_dies_is_an_error() {
        let whole = "running 0 tests\ntest result: ok. 0 passed; 0 failed; 0 ignored\n";
        let twice = format!("{RUNNING}{RUNNING}");
        for printed in ["running 1 test\ntest a ... ok\n", "running 1 test\n"] {
            assert!(ran(RUNNING, printed).unwrap_err().contains("summary"));
            let next = format!("{printed}{whole}");
            assert!(ran(&twice, &next).unwrap_err().contains("summary"));
        }
        assert!(ran(&twice, whole).unwrap_err().contains("only 1"));
    }
}
