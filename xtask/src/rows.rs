//! Where the rows of the behavioural reference are spoken of: in comments above tests, and in the tables of
//! `docs/from-python.md`.
//!
//! A test names its rows in a comment directly above it, the ids first: `// F02, F17` or `// F02: why this one`.
//! A line of a table has one cell with ids only and one that begins with a verdict: `compile error` (the same line names
//! the file that shows it), `deviates: <reason>`, `n/a: <reason>`, `same: <reason>` where a test of the row differs from its
//! original in something else, or `as <ids>` for a row that others show.

use crate::source::Line;
use crate::tree::{File, Tree};

/// The file with the tables.
pub(crate) const TABLE: &str = "docs/from-python.md";
/// Where files lie that must not compile.
const CASES: [&str; 2] = ["tests/compile_fail/", "crates/cf-compat-tests/cells/"];
/// The letters that ids begin with.
const FAMILIES: [&str; 12] = ["F", "E", "T", "P", "W", "A", "AF", "AT", "B", "M", "X", "S"];

/// A function of a test file and the comment directly above it.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) function: &'a str,
    /// Line, from 1, and text without its slashes.
    pub(crate) comments: Vec<(usize, &'a str)>,
}

/// The functions with comments in a test file, or in the part of a file that is tests.
pub(crate) fn told(file: &File) -> Vec<Told<'_>> {
    let is_test_file = file.is_under("tests") || file.stem() == "tests";
    let begins = |line: &Line| line.code.contains("#[cfg(test)]");
    let first = if is_test_file {
        Some(0)
    } else {
        file.lines.iter().position(begins)
    };
    let Some(first) = first else {
        return Vec::new();
    };
    let functions = file.lines.iter().enumerate().skip(first);
    let functions = functions.filter_map(|(index, line)| Some((index, function(line)?)));
    let with_comments = functions.map(|(index, function)| Told {
        function,
        comments: comments_above(&file.lines[first..index], first),
    });
    with_comments
        .filter(|told| !told.comments.is_empty())
        .collect()
}

/// The name of the function that begins in this line.
fn function(line: &Line) -> Option<&str> {
    let mut words = line.words().skip_while(|word| *word != "fn");
    words.nth(1)
}

fn comments_above(lines: &[Line], offset: usize) -> Vec<(usize, &str)> {
    let above = lines.iter().enumerate().rev();
    let above = above.take_while(|(_, line)| {
        line.is_comment() || (line.is_attribute() && function(line).is_none())
    });
    let comments = above.filter(|(_, line)| line.is_comment());
    let mut comments: Vec<_> = comments
        .map(|(index, line)| {
            let text = line.comment.trim_start().trim_start_matches(['/', '!']);
            (offset + index + 1, text.trim())
        })
        .collect();
    comments.reverse();
    comments
}

/// The ids a text begins with, and the rest. Ids are separated by commas, spaces or "and".
pub(crate) fn leading_ids(text: &str) -> (Vec<String>, &str) {
    let mut ids = Vec::new();
    let mut rest = text.trim();
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        if !is_id(word) {
            return (ids, rest);
        }
        ids.push(word.to_owned());
        rest = tail.trim_start_matches([',', ' ', '&']);
        rest = rest.strip_prefix("and ").unwrap_or(rest);
    }
}

/// The letters of a known family and two digits.
fn is_id(word: &str) -> bool {
    let (family, number) = word.split_at(
        word.find(|c: char| c.is_ascii_digit())
            .unwrap_or(word.len()),
    );
    FAMILIES.contains(&family)
        && number.len() == 2
        && number.bytes().all(|digit| digit.is_ascii_digit())
}

/// What a line of a table says of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    CompileError,
    Deviates,
    NotApplicable,
    Same,
    /// As other rows show.
    As,
}

const VERDICTS: [(&str, Verdict); 5] = [
    ("compile error", Verdict::CompileError),
    ("deviates", Verdict::Deviates),
    ("n/a", Verdict::NotApplicable),
    ("same:", Verdict::Same),
    ("as ", Verdict::As),
];

/// A line of a table that gives a verdict on rows.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) ids: Vec<String>,
    pub(crate) verdict: Verdict,
    /// What the cells say after the verdict.
    pub(crate) reason: String,
    line: &'a str,
}

impl<'a> Entry<'a> {
    pub(crate) fn parse(line: &'a str) -> Option<Self> {
        let cells: Vec<&str> = line
            .trim()
            .strip_prefix('|')?
            .split('|')
            .map(|cell| cell.trim().trim_matches('*'))
            .collect();
        let ids = cells
            .iter()
            .map(|cell| leading_ids(cell))
            .find(|(ids, rest)| !ids.is_empty() && rest.is_empty());
        let (ids, _) = ids?;
        let (index, (word, verdict)) = cells.iter().enumerate().find_map(|(index, cell)| {
            let begins = |(word, _): &(&str, Verdict)| {
                cell.get(..word.len())
                    .is_some_and(|head| head.eq_ignore_ascii_case(word))
            };
            Some((index, VERDICTS.into_iter().find(begins)?))
        })?;
        let reason =
            std::iter::once(&cells[index][word.len()..]).chain(cells[index + 1..].iter().copied());
        let reason = reason.collect::<Vec<_>>().join(" ");
        Some(Self {
            ids,
            verdict,
            reason: reason.trim_start_matches([':', '*', ' ']).trim().to_owned(),
            line,
        })
    }

    /// The reason as it is told.
    pub(crate) fn why(&self) -> String {
        match self.verdict {
            Verdict::As => format!("as {}", self.reason),
            _ => self.reason.clone(),
        }
    }

    /// The rows that show this one.
    pub(crate) fn shown_by(&self) -> Vec<String> {
        match self.verdict {
            Verdict::As => leading_ids(&self.reason).0,
            _ => Vec::new(),
        }
    }

    /// The paths of the files named that must not compile; or what is wrong with one.
    pub(crate) fn cases<'t>(&self, tree: &'t Tree) -> Result<Vec<&'t str>, String> {
        let is_path = |c: char| c.is_alphanumeric() || "_-./".contains(c);
        let names = self.line.split(|c| !is_path(c));
        let names = names.filter(|word| word.ends_with(".rs"));
        names.map(|name| case(name, tree)).collect()
    }

    /// What is wrong with the line.
    pub(crate) fn complaint(&self, tree: &Tree) -> Option<String> {
        let rows = self.ids.join(", ");
        match self.verdict {
            Verdict::CompileError => match self.cases(tree) {
                Err(wrong) => Some(format!("{rows}: {wrong}")),
                Ok(cases) if cases.is_empty() => Some(format!(
                    "{rows}: a compile error is shown by a file under crates/*/{}: name it",
                    CASES[0]
                )),
                Ok(_) => None,
            },
            Verdict::Deviates | Verdict::NotApplicable | Verdict::Same => {
                let n_letters = self.reason.chars().filter(|c| c.is_alphabetic()).count();
                (n_letters < 8)
                    .then(|| format!("{rows}: the verdict needs its reason in the same line"))
            }
            Verdict::As => self
                .shown_by()
                .is_empty()
                .then(|| format!("{rows}: name the rows that show it")),
        }
    }
}

/// The path of the file that must not compile and has this name, or whose path is that; a file of the crates themselves
/// before a cell of the matrix.
pub(crate) fn case<'t>(name: &str, tree: &'t Tree) -> Result<&'t str, String> {
    let has_name = |path: &str| path == name || path.ends_with(&format!("/{name}"));
    for folder in CASES {
        let mut paths = tree
            .rust()
            .map(|file| file.path.as_str())
            .filter(|path| path.contains(folder) && has_name(path));
        match (paths.next(), paths.next()) {
            (None, _) => {}
            (Some(path), None) => return Ok(path),
            (Some(one), Some(other)) => {
                return Err(format!(
                    "`{name}` is {one} and {other}: give the whole path"
                ));
            }
        }
    }
    Err(format!(
        "there is no compile-fail file `{name}` under crates/*/{}",
        CASES[0]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_told_with_all_comments_directly_above_it() {
        let text = "// no\n\n// F02: why\n/// More.\n#[cfg(unix)]\n#[test]\nfn x() {}\nfn y() {}\n// Z\n#[test] fn z() {}";
        let tree = Tree::of(&[("crates/a/tests/it/b.rs", text)]);
        let told: Vec<_> = tree.rust().flat_map(told).collect();
        assert_eq!(told.len(), 2);
        assert_eq!(told[0].function, "x");
        assert_eq!(told[0].comments, [(3, "F02: why"), (4, "More.")]);
        assert_eq!(
            (told[1].function, &told[1].comments[..]),
            ("z", &[(9, "Z")][..])
        );
    }

    #[test]
    fn in_src_only_what_follows_cfg_test_is_told() {
        let text = "// A\nfn a() {}\n#[cfg(test)]\nmod tests {\n    // B\n    fn b() {}\n}";
        let tree = Tree::of(&[("crates/a/src/b.rs", text)]);
        let told: Vec<_> = tree.rust().flat_map(told).collect();
        assert_eq!(told.len(), 1);
        assert_eq!(
            (told[0].function, &told[0].comments[..]),
            ("b", &[(5, "B")][..])
        );
    }

    #[test]
    fn an_entry_has_ids_a_verdict_and_a_reason() {
        let entry = Entry::parse("| F22, F23 | x | **deviates**: all are caught |").unwrap();
        assert_eq!(entry.ids, ["F22", "F23"]);
        assert_eq!(entry.verdict, Verdict::Deviates);
        assert_eq!(entry.reason, "all are caught");
        let entry = Entry::parse("| S03 | it hangs | as M08, M09: so it does |").unwrap();
        assert_eq!(entry.shown_by(), ["M08", "M09"]);
        assert!(Entry::parse("| F02 | `cancel()` | same |").is_none());
    }

    #[test]
    fn a_name_that_two_files_have_is_given_in_full() {
        let path = |krate: &str| format!("crates/{krate}/tests/compile_fail/x.rs");
        let (a, b) = (path("a"), path("b"));
        let tree = Tree::of(&[(&a, "//! x"), (&b, "//! x")]);
        assert_eq!(case(&a, &tree), Ok(a.as_str()));
        assert!(case("x.rs", &tree).unwrap_err().contains("whole path"));
        assert!(case("y.rs", &tree).unwrap_err().contains("no compile-fail"));
    }
}
