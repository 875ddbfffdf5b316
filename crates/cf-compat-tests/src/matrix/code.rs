//! The code in a text: which functions take `x` in it, and what of a text is code.

/// What takes `x` in the code, as it is written there up to the bracket: `cf_core::wait(`, `x.result(`, and `x.await`.
pub(super) fn uses_of_x(code: &str) -> Vec<&str> {
    let mut uses: Vec<_> = code
        .match_indices('(')
        .filter_map(|(bracket, _)| {
            let name = called(&code[..bracket])?;
            let takes_x = name.starts_with("x.") || mentions_x(arguments(&code[bracket..]));
            takes_x.then(|| &code[bracket - name.len()..=bracket])
        })
        .collect();
    if code.contains("x.await") {
        uses.push("x.await");
    }
    uses
}

/// Whether such a use occurs in a source, and not only as the end of a longer name.
pub(super) fn occurs(used: &str, source: &str) -> bool {
    source
        .match_indices(used)
        .any(|(place, _)| used.starts_with('.') || !source[..place].ends_with(is_of_a_name))
}

/// The pieces of code in a text, each between backticks; one that ends in `;` goes on in the next.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for span in text.split('`').skip(1).step_by(2) {
        match pieces.last_mut() {
            Some(last) if last.ends_with(';') => *last = format!("{last}\n{span}"),
            _ => pieces.push(span.to_owned()),
        }
    }
    pieces.retain(|piece| piece.contains(['(', ';']) || piece.contains(".await"));
    pieces
}

/// What is not between backticks.
#[cfg(test)]
pub(super) fn prose(text: &str) -> String {
    text.split('`').step_by(2).collect()
}

/// The name that the text ends with, and its path or receiver.
fn called(text: &str) -> Option<&str> {
    let name = &text[text.trim_end_matches(is_of_a_name).len()..];
    (!name.is_empty()).then_some(name)
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || "_:.".contains(c)
}

/// From a bracket to the one that closes it.
fn arguments(text: &str) -> &str {
    let mut depth = 0;
    for (place, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..place];
        }
    }
    text
}

fn mentions_x(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word == "x")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_x_is_found_and_nothing_else() {
        let cases: [(&str, &[&str]); 6] = [
            (
                "to_thread(move || cf_core::wait([x], AllCompleted)).await",
                &["to_thread(", "cf_core::wait("],
            ),
            ("shield(x).cancel(), and what became of x", &["shield("]),
            ("Runner::new()?.run(x)", &[".run("]),
            ("(x.cancel(), x.cancel())", &["x.cancel(", "x.cancel("]),
            ("(x.await, x.await)", &["x.await"]),
            (
                "let mut c = as_completed([x]); c.next().await",
                &["as_completed("],
            ),
        ];
        for (code, uses) in cases {
            assert_eq!(uses_of_x(code), uses, "{code}");
        }
    }

    #[test]
    fn the_end_of_a_longer_name_is_another_function() {
        assert!(occurs("wait(", "let _ = wait([x]);"));
        assert!(!occurs("wait(", "let _ = cf_core::wait([x]);"));
        assert!(!occurs("run(", "from_thread::run(x)"));
        assert!(occurs(".run(", "runner.run(x)"));
        assert!(!occurs(".run(", "aio_bridge::run(x)"));
    }

    #[test]
    fn a_statement_goes_on_in_the_next_span_and_names_are_no_code() {
        let text = "Shared, as `AioFuture`:\n`let x = x.shared();`\n`x.await`\nOr: `x.result()`";
        let found = pieces(text);
        assert_eq!(found, ["let x = x.shared();\nx.await", "x.result()"]);
    }
}
