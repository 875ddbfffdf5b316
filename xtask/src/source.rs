//! Rust source with code and comments apart and string literals blanked, so that rules do not trip over words in them.

/// One line of a file. Every character is in at most one of the two.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Line {
    /// The code; string and character literals are left as an empty pair of quotes.
    pub(crate) code: String,
    /// The comment, with its slashes.
    pub(crate) comment: String,
}

impl Line {
    /// True if the line holds a comment and nothing else.
    pub(crate) fn is_comment(&self) -> bool {
        self.code.trim().is_empty() && !self.comment.trim().is_empty()
    }

    pub(crate) fn is_attribute(&self) -> bool {
        self.code.trim_start().starts_with("#[")
    }

    /// The identifiers and keywords of the code.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.code
            .split(|c: char| !is_word(c))
            .filter(|word| !word.is_empty())
    }

    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.words().any(|it| it == word)
    }
}

enum Mode {
    Code,
    LineComment,
    BlockComment { depth: usize },
    Text,
    RawText { n_hashes: usize },
}

/// Splits a file into lines.
pub(crate) fn lines(text: &str) -> Vec<Line> {
    let chars: Vec<char> = text.chars().collect();
    let mut lines = vec![Line::default()];
    let mut mode = Mode::Code;
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let line = lines.last_mut().expect("there is always a last line");
        if rest[0] == '\n' {
            if matches!(mode, Mode::LineComment) {
                mode = Mode::Code;
            }
            lines.push(Line::default());
            at += 1;
            continue;
        }
        let n_taken = match mode {
            Mode::Code => match rest {
                ['/', '/', ..] => {
                    mode = Mode::LineComment;
                    0
                }
                ['/', '*', ..] => {
                    mode = Mode::BlockComment { depth: 1 };
                    line.comment.push_str("/*");
                    2
                }
                ['"', ..] => {
                    mode = Mode::Text;
                    line.code.push('"');
                    1
                }
                ['r', ..] if ends_word(&line.code) => match raw_text(rest) {
                    Some(n_hashes) => {
                        mode = Mode::RawText { n_hashes };
                        line.code.push('"');
                        n_hashes + 2
                    }
                    None => keep(line, rest),
                },
                ['\'', ..] => match character(rest) {
                    Some(n_chars) => {
                        line.code.push_str("''");
                        n_chars
                    }
                    None => keep(line, rest),
                },
                _ => keep(line, rest),
            },
            Mode::LineComment => {
                line.comment.push(rest[0]);
                1
            }
            Mode::BlockComment { depth } => match rest {
                ['*', '/', ..] => {
                    mode = if depth == 1 {
                        Mode::Code
                    } else {
                        Mode::BlockComment { depth: depth - 1 }
                    };
                    line.comment.push_str("*/");
                    2
                }
                ['/', '*', ..] => {
                    mode = Mode::BlockComment { depth: depth + 1 };
                    line.comment.push_str("/*");
                    2
                }
                _ => {
                    line.comment.push(rest[0]);
                    1
                }
            },
            Mode::Text => match rest {
                // An escaped end of line is still an end of line.
                ['\\', '\n', ..] => 1,
                ['\\', _, ..] => 2,
                ['"', ..] => {
                    mode = Mode::Code;
                    line.code.push('"');
                    1
                }
                _ => 1,
            },
            Mode::RawText { n_hashes } => {
                let closes = rest[0] == '"'
                    && rest.len() > n_hashes
                    && rest[1..=n_hashes].iter().all(|&c| c == '#');
                if closes {
                    mode = Mode::Code;
                    line.code.push('"');
                    n_hashes + 1
                } else {
                    1
                }
            }
        };
        at += n_taken;
    }
    lines
}

fn keep(line: &mut Line, rest: &[char]) -> usize {
    line.code.push(rest[0]);
    1
}

/// True if an `r` that follows this code does not continue a word; `b` and `c` are prefixes of literals.
fn ends_word(code: &str) -> bool {
    let before = code.strip_suffix(['b', 'c']).unwrap_or(code);
    !before.ends_with(is_word)
}

/// For `r"`, `r#"` and so on: how many hashes.
fn raw_text(rest: &[char]) -> Option<usize> {
    let n_hashes = rest[1..].iter().take_while(|&&c| c == '#').count();
    (rest.get(1 + n_hashes) == Some(&'"')).then_some(n_hashes)
}

/// The length of a character literal; `None` for a lifetime.
fn character(rest: &[char]) -> Option<usize> {
    match rest {
        ['\'', '\\', _, tail @ ..] => tail.iter().position(|&c| c == '\'').map(|n| n + 4),
        ['\'', _, '\'', ..] => Some(3),
        _ => None,
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Vec<String> {
        lines(text).into_iter().map(|line| line.code).collect()
    }

    #[test]
    fn comments_are_kept_apart() {
        let line = &lines("let a = 1; // unsafe")[0];
        assert_eq!(
            (line.code.as_str(), line.comment.as_str()),
            ("let a = 1; ", "// unsafe")
        );
        assert!(!line.is_comment());
        assert!(lines("    // F01")[0].is_comment());
    }

    #[test]
    fn block_comments_nest_and_span_lines() {
        assert_eq!(code("a /* b /* c */\n d */ e"), ["a ", " e"]);
    }

    #[test]
    fn strings_are_blanked() {
        assert_eq!(code(r#"f("unsafe // \" x") + 1"#), [r#"f("") + 1"#]);
        assert_eq!(code("r#\"a \" // b\"# c"), ["\"\" c"]);
        assert_eq!(code("br\"x\" y"), ["b\"\" y"]);
        assert_eq!(code("\"a\nb\\\nc\" d"), ["\"", "", "\" d"]);
    }

    #[test]
    fn characters_are_told_from_lifetimes() {
        assert_eq!(
            code(r#"'"' '\'' '\\' '\u{41}' <'a> x"#),
            ["'' '' '' '' <'a> x"]
        );
    }

    #[test]
    fn raw_identifiers_and_words_ending_in_r_are_words() {
        assert_eq!(code("r#fn for\"x\""), ["r#fn for\"\""]);
    }

    #[test]
    fn words_are_whole() {
        let line = &lines("#![forbid(unsafe_code)]")[0];
        assert!(line.has_word("unsafe_code") && !line.has_word("unsafe"));
    }
}
