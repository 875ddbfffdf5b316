//! Words for the pages: Markdown that a table can hold.

/// A code span.
pub(super) fn code(text: &str) -> String {
    let text = text.replace('|', "\\|").replace('\n', " ");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

/// Text with code spans of its own.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::new();
    for (place, part) in text.split('`').enumerate() {
        let is_code = place % 2 == 1;
        if place > 0 {
            escaped.push('`');
        }
        let part = part.replace('|', "\\|").replace('\n', "<br>");
        escaped.push_str(&if is_code {
            part
        } else {
            part.replace('<', "&lt;").replace("&lt;br>", "<br>")
        });
    }
    // Reference text may come with its pipes escaped already.
    escaped.replace("\\\\|", "\\|")
}

/// What both pages begin with.
pub(super) const GENERATED: &str =
    "<!-- Made by `cargo xtask matrix` of what was executed. Not to be edited by hand. -->\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_can_hold_it() {
        assert_eq!(code("a | b"), r"`a \| b`");
        assert_eq!(code("`x`"), "`` `x` ``");
        assert_eq!(
            text("Vec<T> and `Vec<T>`\nx|y"),
            r"Vec&lt;T> and `Vec<T>`<br>x\|y"
        );
    }
}
