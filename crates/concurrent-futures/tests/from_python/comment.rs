//! The comment at the head of a program: Python's original, and a table of what Python prints and what the program prints.

/// What is read out of a comment.
pub(crate) struct Comment {
    pub(crate) python: String,
    /// The left column: what Python prints.
    pub(crate) theirs: String,
    /// The right column: what the program prints.
    pub(crate) ours: String,
}

impl Comment {
    pub(crate) fn of(source: &str) -> Self {
        let comment: String = source
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\n"])
            .collect();
        let (_, begun) = comment
            .split_once("```python\n")
            .expect("Python's original");
        let (python, rest) = begun.split_once("```\n").expect("the original's end");
        let rows: Vec<_> = rest.lines().filter(|line| line.starts_with('|')).collect();
        let [heads, _, rows @ ..] = &rows[..] else {
            panic!("there is no table in the comment");
        };
        assert!(heads.starts_with("| Python "), "{heads}");
        let (mut theirs, mut ours) = (String::new(), String::new());
        for row in rows {
            let [_, left, right, _] = row.split('|').collect::<Vec<_>>()[..] else {
                panic!("not two cells: {row}");
            };
            theirs.extend(line(left));
            ours.extend(line(right));
        }
        Self {
            python: python.to_owned(),
            theirs,
            ours,
        }
    }
}

/// The line that a cell holds as code; an empty one holds none.
fn line(cell: &str) -> Option<String> {
    let cell = cell.trim();
    let code = cell
        .strip_prefix('`')
        .and_then(|code| code.strip_suffix('`'));
    assert!(code.is_some() || cell.is_empty(), "not code: {cell}");
    code.map(|code| format!("{code}\n"))
}

#[test]
fn both_columns_are_read_in_order() {
    let source = "//! What for.\n//!\n//! ```python\n//! if True:\n//!     print(1)\n//! ```\n//!\n\
        //! | Python 3.13 | here |\n//! |---|---|\n//! | `1` | `one` |\n//! |     | `two` |\n\nfn main() {}\n//! | `no` | `no` |";
    let comment = Comment::of(source);
    assert_eq!(comment.python, "if True:\n    print(1)\n");
    assert_eq!(comment.theirs, "1\n");
    assert_eq!(comment.ours, "one\ntwo\n");
}

#[test]
#[should_panic(expected = "there is no table")]
fn a_comment_without_a_table_is_refused() {
    Comment::of("//! ```python\n//! print(1)\n//! ```\n");
}

#[test]
#[should_panic(expected = "not code: 1")]
fn a_cell_that_is_not_code_is_refused() {
    Comment::of("//! ```python\n//! ```\n//! | Python 3 | here |\n//! |---|---|\n//! | `1` | 1 |");
}
